import { labelsToRecord, labelValue } from '@vantage/model'
import { type About, countedRows, type Subject, traceOf } from '@vantage/query/joins'

/** What JSON.stringify takes. Times are unix ns as texts, durations ns, latencies seconds; what could not be read is null. */
export function aboutBody(subject: Subject, about: About): unknown {
  const { range, services, trace, lines, lineCounts, changes, figures, metrics, exemplars, cuts } = about
  return {
    subject,
    startNs: String(range.startNs),
    endNs: String(range.endNs),
    services,
    trace: trace === undefined ? null : { ...trace, startNs: String(trace.startNs) },
    spans: figures === undefined ? null : spansBody(figures, range),
    logs: lines === undefined ? null : logsBody(lines, lineCounts),
    changes: changes === undefined ? null : changes.map(changeBody),
    metrics:
      metrics === undefined
        ? null
        : metrics.metrics.map(({ series, ...metric }) => ({
            ...metric,
            series: series.map((one) => ({ ...one, labels: labelsToRecord(one.labels) })),
          })),
    exemplars:
      exemplars === undefined
        ? null
        : exemplars.map(({ seriesLabels, exemplar }) => ({
            seriesLabels: labelsToRecord(seriesLabels),
            labels: labelsToRecord(exemplar.labels),
            traceId: traceOf(exemplar),
            value: exemplar.value,
            timeMs: exemplar.timeMs,
          })),
    cuts,
  }
}

function spansBody(
  { spans, operations, dependencies, slowest, failed }: NonNullable<About['figures']>,
  { startNs, endNs }: About['range'],
): unknown {
  const seconds = Number(endNs - startNs) / 1e9
  const withTime = <T extends { readonly startNs: bigint }>(one: T) => ({ ...one, startNs: String(one.startNs) })
  return {
    count: spans,
    operations: operations.map((one) => ({ ...one, callsPerSecond: seconds === 0 ? null : one.calls / seconds })),
    dependencies,
    slowest: slowest.map(withTime),
    failed: failed.map(withTime),
  }
}

function changeBody({ timeNs, line, stream, metadata }: NonNullable<About['changes']>[number]): unknown {
  return {
    timeNs: String(timeNs),
    kind: labelValue(stream, 'event'),
    service: labelValue(stream, 'service_name'),
    title: line,
    fields: labelsToRecord(metadata),
  }
}

function logsBody(lines: NonNullable<About['lines']>, counts: About['lineCounts']): unknown {
  return {
    counts: counts?.map(countedRows) ?? null,
    lines: lines.map(({ timeNs, line, stream, metadata }) => ({
      timeNs: String(timeNs),
      line,
      level: labelValue(metadata, 'detected_level'),
      traceId: labelValue(metadata, 'trace_id'),
      spanId: labelValue(metadata, 'span_id'),
      stream: labelsToRecord(stream),
      metadata: labelsToRecord(metadata),
    })),
  }
}
