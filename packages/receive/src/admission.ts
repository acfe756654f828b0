import {
  err,
  type Fault,
  fault,
  foreign,
  ok,
  PAYLOAD_ENCODINGS,
  type PayloadEncoding,
  type Result,
  type TenantId,
} from '@vantage/model'
import type { CredentialSource, Scope } from './auth.ts'
import { InflightHold } from './inflight.ts'
import { INFLIGHT_STEP_BYTES } from './limits.ts'
import type { Phase, Reception } from './reception.ts'

/** Seconds after which a client may come again, before the jitter. */
const RETRY_STARTING_SECONDS = 5
const RETRY_DRAINING_SECONDS = 1
const RETRY_MEMORY_SECONDS = 5
const RETRY_RATE_SECONDS_MAX = 60

/** How a body is packed on the wire. `none` and `snappy` reach the intake as they came. */
export type Packing = 'none' | 'snappy' | 'gzip' | 'zstd' | 'deflate'

/** What step 5 found in `Content-Type` and `Content-Encoding`. */
export interface BodyForm {
  readonly kind: 'protobuf' | 'json'
  /** Remote write only: which message it is. */
  readonly remoteWriteVersion?: 1 | 2
  readonly packing: Packing
}

/** One request at a door before its body is read; the same for HTTP and gRPC. */
export interface Arrival extends CredentialSource {
  readonly receiver: string
  readonly scope: Scope
  readonly isMethodAllowed: boolean
  readonly urlBytes: number
  /** Bytes on the wire as announced; undefined where unknown (chunked, gRPC). */
  readonly contentLength: number | undefined
  /** Where it is unknown: what a body here usually has, so that what finds no room is refused unread. */
  readonly expectedBytes?: number
  readonly readForm: () => Result<BodyForm, Fault>
  /** Of the other end, '' where unknown. */
  readonly remoteAddress: string
}

/** An arrival that passed. The hold is its owner's to release, in `finally`. */
export interface Admitted {
  readonly tenant: TenantId
  /** The key's name, or where it came from. */
  readonly sender: string
  readonly form: BodyForm
  readonly hold: InflightHold
}

/** What the steps find out on their way. */
interface Findings {
  tenant: TenantId | undefined
  keyName: string
  form: BodyForm | undefined
}

interface Step {
  readonly name: string
  readonly check: (arrival: Arrival, reception: Reception, findings: Findings) => Fault | undefined
}

/**
 * The order of checks, cheapest first, the same at every door. Before these: connection caps (1); after them:
 * read and inflate (9), decode (10), items (11, 12), log (13), answer (14).
 */
const STEPS: readonly Step[] = [
  { name: '2 phase and pressure', check: checkState },
  { name: '3 route and method', check: checkRoute },
  { name: '4 credential, tenant, scope', check: checkCredential },
  { name: '5 media type and encoding', check: checkForm },
  { name: '6 announced length', check: checkLength },
  { name: '7 request rate of the tenant', check: checkRate },
]

/**
 * Steps 2–8. On a fault nothing is held and the body is unread.
 * @param learned told the tenant as soon as it is known, for the counters of a refusal after step 4
 */
export function admit(
  arrival: Arrival,
  reception: Reception,
  learned: (tenant: TenantId) => void = () => {},
): Result<Admitted, Fault> {
  const findings: Findings = { tenant: undefined, keyName: '', form: undefined }
  for (const step of STEPS) {
    const refusal = step.check(arrival, reception, findings)
    if (findings.tenant !== undefined) learned(findings.tenant)
    if (refusal !== undefined) return err(refusal)
  }
  // 8: the reservation is last, so that no later refusal has to give it back.
  const hold = new InflightHold(reception.inflight)
  if (!hold.ensure(arrival.contentLength ?? Math.max(arrival.expectedBytes ?? 0, INFLIGHT_STEP_BYTES)))
    return err(inflightFault())
  const sender = findings.keyName || senderAt(arrival.remoteAddress)
  return ok({ tenant: findings.tenant as TenantId, sender, form: findings.form as BodyForm, hold })
}

/** IPv4 addresses are named as such, also where they come through an IPv6 socket. */
function senderAt(address: string): string {
  return address === '' ? '' : `from ${address.replace(/^::ffff:/i, '')}`
}

export function inflightFault(): Fault {
  return fault('unavailable', 'too many bytes of requests are in flight', {
    reason: 'memory',
    limit: 'ingest.maxInflightBytes',
    retryAfterSeconds: RETRY_MEMORY_SECONDS,
  })
}

function checkState(_arrival: Arrival, reception: Reception): Fault | undefined {
  const notReady = phaseFault(reception.phase())
  if (notReady !== undefined) return notReady
  if (reception.pressure() === 0) return undefined
  return fault('unavailable', 'memory is above memory.softPercent: writes wait', {
    reason: 'memory',
    limit: 'memory.softPercent',
    retryAfterSeconds: RETRY_MEMORY_SECONDS,
  })
}

function phaseFault(phase: Phase): Fault | undefined {
  switch (phase) {
    case 'ready':
      return undefined
    case 'starting':
      return unavailable('the log is being replayed', 'starting', RETRY_STARTING_SECONDS)
    case 'draining':
      return unavailable('the server is going down', 'draining', RETRY_DRAINING_SECONDS)
    case 'failed':
      return unavailable('the store has failed', 'failed', RETRY_STARTING_SECONDS)
  }
}

function unavailable(message: string, reason: string, retryAfterSeconds: number): Fault {
  return fault('unavailable', message, { reason, retryAfterSeconds })
}

function checkRoute(arrival: Arrival, reception: Reception): Fault | undefined {
  if (!arrival.isMethodAllowed) return fault('wrong_method', 'want POST')
  if (arrival.urlBytes <= reception.limits.maxUrlBytes) return undefined
  return fault('bad_request', `url: want at most ${reception.limits.maxUrlBytes} bytes, got ${arrival.urlBytes}`, {
    limit: 'http.maxUrlBytes',
  })
}

function checkCredential(arrival: Arrival, reception: Reception, findings: Findings): Fault | undefined {
  const credential = reception.auth.check(arrival, arrival.scope)
  if (!credential.ok) return credential.error
  findings.tenant = credential.value.tenant
  findings.keyName = credential.value.name
  return undefined
}

function checkForm(arrival: Arrival, _reception: Reception, findings: Findings): Fault | undefined {
  const form = arrival.readForm()
  if (!form.ok) return form.error
  findings.form = form.value
  return undefined
}

function checkLength(arrival: Arrival, reception: Reception): Fault | undefined {
  const { maxBodyBytes } = reception.limits
  if (arrival.contentLength === undefined || arrival.contentLength <= maxBodyBytes) return undefined
  return tooLargeFault(`body: want at most ${maxBodyBytes} bytes, got ${arrival.contentLength}`, 'http.maxBodyBytes')
}

function checkRate(_arrival: Arrival, reception: Reception, findings: Findings): Fault | undefined {
  const waitSeconds = reception.rate.take(findings.tenant as TenantId, reception.clock.monotonicMs())
  if (waitSeconds === 0) return undefined
  return rateFault(`more than ${reception.limits.requestRate} requests a second`, 'limits.requestRate', waitSeconds)
}

/** A tenant sends more than it may for now. */
export function rateFault(message: string, limit: string, waitSeconds: number): Fault {
  const retryAfterSeconds = Math.min(RETRY_RATE_SECONDS_MAX, Math.max(1, Math.ceil(waitSeconds)))
  return fault('too_many', message, { reason: 'tenant_rate', limit, retryAfterSeconds })
}

export function tooLargeFault(message: string, limit: string): Fault {
  return fault('too_large', message, { limit })
}

const WIRE_ENCODINGS: Readonly<Record<Packing, PayloadEncoding>> = {
  none: PAYLOAD_ENCODINGS.identity,
  snappy: PAYLOAD_ENCODINGS.snappyBlock,
  gzip: PAYLOAD_ENCODINGS.gzip,
  zstd: PAYLOAD_ENCODINGS.zstd,
  // The log has no code for it: such a body is kept as it is after inflating.
  deflate: PAYLOAD_ENCODINGS.identity,
}

export function wireEncoding(packing: Packing): PayloadEncoding {
  return WIRE_ENCODINGS[packing]
}

/** `OTLP/HTTP`: protobuf or JSON; gzip, zstd, deflate or plain. */
export function otlpForm(
  contentType: string | undefined,
  contentEncoding: string | undefined,
): Result<BodyForm, Fault> {
  const media = mediaType(contentType)
  const kind = media === 'application/json' ? 'json' : 'protobuf'
  if (kind === 'protobuf' && media !== 'application/x-protobuf' && media !== 'application/protobuf') {
    return err(unsupported('content type', 'application/x-protobuf or application/json', contentType))
  }
  switch ((contentEncoding ?? '').trim().toLowerCase()) {
    case '':
    case 'identity':
      return ok({ kind, packing: 'none' })
    case 'gzip':
    case 'x-gzip':
      return ok({ kind, packing: 'gzip' })
    case 'zstd':
      return ok({ kind, packing: 'zstd' })
    case 'deflate':
      return ok({ kind, packing: 'deflate' })
    default:
      return err(unsupported('content encoding', 'gzip, zstd, deflate or identity', contentEncoding))
  }
}

/** The messages of remote write by their full names. Source: Remote-Write 2.0, "Content negotiation". */
const REMOTE_WRITE_MESSAGES: Readonly<Record<string, 1 | 2>> = {
  'prometheus.WriteRequest': 1,
  'io.prometheus.write.v2.Request': 2,
}

/**
 * Remote write: protobuf in one snappy block. Absent headers mean 1.0, as in Prometheus itself; 2.0 is another
 * message under the same media type and named in it.
 */
export function remoteWriteForm(
  contentType: string | undefined,
  contentEncoding: string | undefined,
): Result<BodyForm, Fault> {
  const media = contentType === undefined ? 'application/x-protobuf' : mediaType(contentType)
  if (media !== 'application/x-protobuf') {
    return err(unsupported('content type', 'application/x-protobuf', contentType))
  }
  const message = /;\s*proto\s*=\s*"?([^";\s]+)/i.exec(contentType ?? '')?.[1]
  const remoteWriteVersion = message === undefined ? 1 : REMOTE_WRITE_MESSAGES[message]
  if (remoteWriteVersion === undefined) {
    const known = Object.keys(REMOTE_WRITE_MESSAGES).join(' or ')
    return err(unsupported('content type', `the message ${known}`, message))
  }
  const encoding = (contentEncoding ?? 'snappy').trim().toLowerCase()
  if (encoding !== 'snappy') return err(unsupported('content encoding', 'snappy', contentEncoding))
  return ok({ kind: 'protobuf', remoteWriteVersion, packing: 'snappy' })
}

function mediaType(contentType: string | undefined): string {
  return ((contentType ?? '').split(';', 1)[0] as string).trim().toLowerCase()
}

function unsupported(what: string, want: string, got: string | undefined): Fault {
  return fault('unsupported', `${what}: want ${want}, got ${got === undefined ? 'none' : JSON.stringify(foreign(got))}`)
}
