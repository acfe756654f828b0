import { STATUS } from '@vantage/model'
import type { IntakeAccepted, IntakeFault } from './intake.ts'
import type { ReceiveCodec } from './reception.ts'
import type { Signal } from './signal.ts'

/** Whose habits an answer follows. */
export type Face = 'remote-write' | 'otlp-protobuf' | 'otlp-json' | 'json-batch'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string
}

const JSON_TYPE = { 'content-type': 'application/json' }
const PROTOBUF_TYPE = { 'content-type': 'application/x-protobuf' }
const TEXT_TYPE = { 'content-type': 'text/plain; charset=utf-8' }

/** Source: opentelemetry-proto collector/*, the messages of partial success. */
const REJECTED_KEYS: Readonly<Record<Signal, string>> = {
  metrics: 'rejectedDataPoints',
  logs: 'rejectedLogRecords',
  traces: 'rejectedSpans',
}

/** All or some of the items were taken. */
export function acceptedAnswer(face: Face, signal: Signal, accepted: IntakeAccepted, codec: ReceiveCodec): Answer {
  const partial = codec.partialSuccess(accepted.refused, accepted.warnings)
  switch (face) {
    case 'remote-write': {
      const headers = writtenHeaders(accepted)
      if (accepted.refused.length === 0) return { status: 204, headers, body: '' }
      // 400: the sender must not send the batch again; what was valid is stored. Source: Remote-Write 1.0, "Invalid samples".
      const text = `${partial?.rejected ?? 0} samples refused: ${partial?.message ?? ''}`
      return { status: 400, headers: { ...headers, ...TEXT_TYPE }, body: oneLine(text) }
    }
    case 'otlp-protobuf':
      return { status: 200, headers: PROTOBUF_TYPE, body: codec.encodeExportResponse(partial) }
    case 'otlp-json':
      return { status: 200, headers: JSON_TYPE, body: codec.exportResponseJson(partial, REJECTED_KEYS[signal]) }
    case 'json-batch': {
      const refused = accepted.refused.length === 0 ? {} : { refused: accepted.refused }
      const warnings = accepted.warnings.length === 0 ? {} : { warnings: accepted.warnings }
      return {
        status: 200,
        headers: JSON_TYPE,
        body: JSON.stringify({ accepted: accepted.items, ...refused, ...warnings }),
      }
    }
  }
}

/** Nothing was taken. `fault.retryAfterSeconds` is as it shall be sent. */
export function faultAnswer(face: Face, fault: IntakeFault, codec: ReceiveCodec, requestId: string): Answer {
  const status = STATUS[fault.code].http
  const headers = faultHeaders(fault)
  switch (face) {
    case 'remote-write':
      return {
        status,
        headers: { ...headers, ...writtenHeaders({ items: 0, histograms: 0, exemplars: 0 }), ...TEXT_TYPE },
        body: oneLine(fault.message),
      }
    case 'otlp-protobuf':
      return { status, headers: { ...headers, ...PROTOBUF_TYPE }, body: codec.encodeStatus(fault) }
    case 'otlp-json':
      return { status, headers: { ...headers, ...JSON_TYPE }, body: codec.statusJson(fault) }
    case 'json-batch':
      return { status, headers: { ...headers, ...JSON_TYPE }, body: batchFault(fault, requestId) }
  }
}

function batchFault(fault: IntakeFault, requestId: string): string {
  const { code, message, reason, limit } = fault
  const items = fault.problems === undefined ? {} : { rejected: fault.problems }
  return JSON.stringify({ error: { code, message, reason, limit, requestId }, ...items })
}

function faultHeaders(fault: IntakeFault): Record<string, string> {
  if (fault.retryAfterSeconds !== undefined) return { 'retry-after': String(fault.retryAfterSeconds) }
  if (fault.code === 'unauthenticated') return { 'www-authenticate': 'Bearer realm="vantage"' }
  if (fault.code === 'wrong_method') return { allow: 'POST' }
  return {}
}

/** Counts of what is now stored. Source: Remote-Write 2.0, "Required Written Response Headers". */
function writtenHeaders(written: Pick<IntakeAccepted, 'items' | 'histograms' | 'exemplars'>): Record<string, string> {
  return {
    'x-prometheus-remote-write-samples-written': String(written.items - written.histograms),
    'x-prometheus-remote-write-histograms-written': String(written.histograms),
    'x-prometheus-remote-write-exemplars-written': String(written.exemplars),
  }
}

/** Senders log the first line only. */
function oneLine(text: string): string {
  return `${text.replace(/[\r\n]+/g, ' ')}\n`
}
