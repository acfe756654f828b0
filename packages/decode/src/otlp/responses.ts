import { ProtobufWriter } from '@vantage/bytes'
import { type Fault, type Refusal, STATUS } from '@vantage/model'

/** Reasons that an error message names; more are summed up. */
const REASONS_MAX = 5

/**
 * `ExportMetricsServiceResponse` (and its twins for other signals: the numbers are the same).
 *
 *     1 partial_success { 1 rejected int64   2 error_message string }
 *
 * Unset where all was taken; a warning has only the message. Source: OTLP specification "Partial Success".
 */
export interface PartialSuccess {
  readonly rejected: number
  readonly message: string
}

/** What to tell the client about refused items and warnings; undefined = all taken, nothing to say. */
export function partialSuccess(refused: readonly Refusal[], warnings: readonly string[]): PartialSuccess | undefined {
  if (refused.length === 0 && warnings.length === 0) return undefined
  const rejected = refused.reduce((sum, refusal) => sum + refusal.count, 0)
  const texts = refused.slice(0, REASONS_MAX).map(({ reason, count, message }) => `${reason} ×${count}: ${message}`)
  if (refused.length > REASONS_MAX) texts.push(`and ${refused.length - REASONS_MAX} more reasons`)
  return { rejected, message: [...texts, ...warnings.slice(0, REASONS_MAX)].join('; ') }
}

export function encodeExportResponse(partial: PartialSuccess | undefined): Uint8Array {
  const out = new ProtobufWriter()
  if (partial !== undefined) {
    const mark = out.open(0x0a)
    if (partial.rejected > 0) out.varint(0x08, partial.rejected)
    if (partial.message !== '') out.text(0x12, partial.message)
    out.close(mark)
  }
  return out.finish()
}

/** @param rejectedKey `rejectedDataPoints`, `rejectedSpans`, `rejectedLogRecords`, `rejectedProfiles` */
export function exportResponseJson(partial: PartialSuccess | undefined, rejectedKey = 'rejectedDataPoints'): string {
  if (partial === undefined) return '{}'
  // int64 is a string in ProtoJSON.
  const counts = partial.rejected > 0 ? { [rejectedKey]: String(partial.rejected) } : {}
  return JSON.stringify({ partialSuccess: { ...counts, errorMessage: partial.message } })
}

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo'
const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest'
/** Where the fault is named by its message: `body: want …` speaks of the field `body`. */
const FIELD = /^([A-Za-z][\w.[\] -]{0,63}):/

/**
 * `google.rpc.Status` of a fault: 1 code, 2 message, 3 details (RetryInfo where the client shall come again,
 * BadRequest { 1 field_violations { 1 field, 2 description } } where the request is wrong for ever).
 * Source: googleapis google/rpc/status.proto and error_details.proto.
 */
export function encodeStatus(fault: Fault): Uint8Array {
  const out = new ProtobufWriter()
  out.varint(0x08, STATUS[fault.code].grpc)
  out.text(0x12, fault.message)
  if (fault.retryAfterSeconds !== undefined) {
    const detail = out.open(0x1a)
    out.text(0x0a, RETRY_INFO)
    const info = out.open(0x12)
    const delay = out.open(0x0a)
    out.varint(0x08, fault.retryAfterSeconds)
    out.close(delay)
    out.close(info)
    out.close(detail)
  }
  if (fault.code === 'bad_request') {
    const detail = out.open(0x1a)
    out.text(0x0a, BAD_REQUEST)
    const info = out.open(0x12)
    const violation = out.open(0x0a)
    out.text(0x0a, fieldOf(fault))
    out.text(0x12, fault.message)
    out.close(violation)
    out.close(info)
    out.close(detail)
  }
  return out.finish()
}

function fieldOf(fault: Fault): string {
  return FIELD.exec(fault.message)?.[1] ?? 'body'
}

/** The same as ProtoJSON. */
export function statusJson(fault: Fault): string {
  const details: object[] = []
  if (fault.retryAfterSeconds !== undefined) {
    details.push({ '@type': RETRY_INFO, retryDelay: `${fault.retryAfterSeconds}s` })
  }
  if (fault.code === 'bad_request') {
    const violation = { field: fieldOf(fault), description: fault.message }
    details.push({ '@type': BAD_REQUEST, fieldViolations: [violation] })
  }
  const shown = details.length === 0 ? {} : { details }
  return JSON.stringify({ code: STATUS[fault.code].grpc, message: fault.message, ...shown })
}
