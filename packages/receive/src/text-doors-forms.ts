import { err, type Fault, fault, foreign, ok, type Result, STATUS } from '@vantage/model'
import type { BodyForm, Packing } from './admission.ts'
import type { Answer } from './http-answers.ts'
import type { IntakeAccepted, IntakeFault } from './intake.ts'

const PACKINGS: Readonly<Record<string, Packing>> = {
  '': 'none',
  identity: 'none',
  gzip: 'gzip',
  'x-gzip': 'gzip',
  zstd: 'zstd',
  deflate: 'deflate',
}

const PROTOBUF = /^\s*application\/vnd\.google\.protobuf\b/i

/** Text, or the protobuf exposition: delimited MetricFamily messages and no other. */
export function expositionBodyForm(
  contentType: string | undefined,
  contentEncoding: string | undefined,
): Result<BodyForm, Fault> {
  if (!PROTOBUF.test(contentType ?? '')) return textForm(contentType, contentEncoding)
  const isFamily = /;\s*proto\s*=\s*"?io\.prometheus\.client\.MetricFamily"?\s*(?:;|$)/i.test(contentType ?? '')
  const isDelimited = /;\s*encoding\s*=\s*"?delimited"?\s*(?:;|$)/i.test(contentType ?? '')
  if (!isFamily || !isDelimited) return err(unsupported('content type', PROTOBUF_WANTED, contentType ?? ''))
  const form = textForm('text/plain', contentEncoding)
  return form.ok ? ok({ ...form.value, kind: 'protobuf' }) : form
}

const PROTOBUF_WANTED =
  'text/plain, application/openmetrics-text or application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'

/** Any media type but those that say that this is no text; gzip, zstd, deflate or plain. */
export function textForm(
  contentType: string | undefined,
  contentEncoding: string | undefined,
): Result<BodyForm, Fault> {
  const packing = PACKINGS[(contentEncoding ?? '').trim().toLowerCase()]
  if (packing === undefined) {
    return err(unsupported('content encoding', 'gzip, zstd, deflate or identity', contentEncoding ?? ''))
  }
  if (/^\s*application\/(?:vnd\.google\.protobuf|x-protobuf|protobuf)\b/i.test(contentType ?? '')) {
    return err(unsupported('content type', 'text/plain or application/openmetrics-text', contentType ?? ''))
  }
  // `kind` tells protobuf from the rest; a text door reads what it expects.
  return ok({ kind: 'json', packing })
}

function unsupported(what: string, want: string, got: string): Fault {
  return fault('unsupported', `${what}: want ${want}, got ${JSON.stringify(foreign(got))}`)
}

/** Of a body that has passed `expositionBodyForm`. */
export function grammarOf(contentType: string | undefined): 'prometheus' | 'openmetrics' | 'protobuf' {
  if (PROTOBUF.test(contentType ?? '')) return 'protobuf'
  return isOpenMetrics(contentType) ? 'openmetrics' : 'prometheus'
}

/** `application/openmetrics-text` in any version; everything else is text format 0.0.4. */
export function isOpenMetrics(contentType: string | undefined): boolean {
  return /^\s*application\/openmetrics-text\b/i.test(contentType ?? '')
}

/** Query parameters of a URL as sent. */
export function queryOf(url: string): URLSearchParams {
  const at = url.indexOf('?')
  return new URLSearchParams(at < 0 ? '' : url.slice(at + 1))
}

/** How many were refused, and the first reasons. '' where none was. */
export function refusalText({ refused }: IntakeAccepted): string {
  const count = refused.reduce((sum, one) => sum + one.count, 0)
  return count === 0 ? '' : `${refused.map((one) => one.message).join('; ')} (${count} refused)`
}

const TEXT_TYPE = { 'content-type': 'text/plain; charset=utf-8' }

/** An answer of one line. */
export function textAnswer(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { ...headers, ...TEXT_TYPE }, body: `${text.replaceAll(/[\r\n]+/g, ' ')}\n` }
}

export function textFault(problem: IntakeFault): Answer {
  return textAnswer(STATUS[problem.code].http, problem.message, faultHeaders(problem))
}

export function faultHeaders(problem: IntakeFault): Record<string, string> {
  if (problem.retryAfterSeconds !== undefined) return { 'retry-after': String(problem.retryAfterSeconds) }
  if (problem.code === 'unauthenticated') return { 'www-authenticate': 'Bearer realm="vantage"' }
  return {}
}

/** Of a request that was handed on in parts. */
export function sumOf(parts: readonly IntakeAccepted[]): IntakeAccepted {
  return {
    items: parts.reduce((sum, one) => sum + one.items, 0),
    histograms: parts.reduce((sum, one) => sum + one.histograms, 0),
    exemplars: parts.reduce((sum, one) => sum + one.exemplars, 0),
    refused: parts.flatMap((one) => one.refused),
    warnings: parts.flatMap((one) => one.warnings),
  }
}
