import type { CallPaths, SpanQuality } from '@vantage/query/traces'

type Examples = SpanQuality['checks'][number]['passExamples']

/** Source: jaegertracing/jaeger cmd/jaeger/internal/extension/jaegerquery/internal/ddg. */
export function deepDependenciesBody(paths: CallPaths): unknown {
  const dependencies = paths.all().map(({ path, traceIds }) => ({
    path,
    attributes: traceIds.map((value) => ({ key: 'exemplar_trace_id', value })),
  }))
  return { dependencies }
}

/** Source: jaegertracing/jaeger cmd/jaeger/internal/extension/jaegerquery/internal/qualitymetrics. */
export function qualityBody({ checks, clients }: SpanQuality): unknown {
  const passed = checks.reduce((sum, one) => sum + one.passed, 0)
  const checked = passed + checks.reduce((sum, one) => sum + one.failed, 0)
  const value = checked === 0 ? 0 : Math.floor((100 * passed) / checked)
  return {
    traceQualityDocumentationLink: '',
    scores: checked === 0 ? [] : [{ key: 'joined', label: 'Spans that join to traces', max: 100, value }],
    metrics: checks.map((one) => ({
      name: one.name,
      category: 'Joined',
      description: one.description,
      metricDocumentationLink: '',
      metricWeight: 1 / checks.length,
      passCount: one.passed,
      passExamples: examplesOf(one.passExamples),
      failureCount: one.failed,
      failureExamples: examplesOf(one.failureExamples),
      exemptionCount: null,
      exemptionExamples: null,
      details: [],
    })),
    clients: clients.map(({ version, spans, examples }) => ({
      version,
      minVersion: '',
      count: spans,
      examples: examplesOf(examples),
    })),
  }
}

function examplesOf(examples: Examples): unknown[] {
  return examples.map(({ traceId, spanIds }) => ({ traceID: traceId, spanIDs: spanIds }))
}
