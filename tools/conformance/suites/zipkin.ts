import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { runTracesJob } from '../../../packages/api/src/index.ts'
import { ProtobufWriter } from '../../../packages/bytes/src/index.ts'
import { ZipkinJsonDecoder, ZipkinProtobufDecoder } from '../../../packages/decode/src/zipkin/index.ts'
import { SpanBatch, systemClock } from '../../../packages/model/src/index.ts'
import { MemorySpans, unlimitedBudget } from '../../../packages/model/src/testing/index.ts'
import { ServerProcess } from '../server-process.ts'
import type { CaseResult, FileResult, Suite } from '../suite.ts'

type Form = 'json' | 'protobuf'
const FORMS: readonly Form[] = ['json', 'protobuf']
const TYPES = { json: 'application/json', protobuf: 'application/x-protobuf' } as const
const KINDS = { CLIENT: 1, SERVER: 2, PRODUCER: 3, CONSUMER: 4 } as const

interface Endpoint {
  readonly serviceName?: string
  readonly ipv4?: string
  readonly ipv6?: string
  readonly port?: number
}

/** Source: openzipkin/zipkin-api zipkin2-api.yaml, `Span`. */
interface Span {
  readonly traceId: string
  readonly id: string
  readonly parentId?: string
  readonly kind?: keyof typeof KINDS
  readonly name?: string
  readonly timestamp?: number
  readonly duration?: number
  readonly localEndpoint?: Endpoint
  readonly remoteEndpoint?: Endpoint
  readonly annotations?: readonly { readonly timestamp: number; readonly value: string }[]
  readonly tags?: Readonly<Record<string, string>>
  readonly debug?: boolean
  readonly shared?: boolean
}

/** Where spans are sent and traces read. */
interface Target {
  send(form: Form, body: Uint8Array<ArrayBuffer>): Promise<void>
  trace(traceId: string): Promise<readonly Span[]>
  close(): Promise<void>
}

/** Traces of real systems: sent in both forms, read back with every member as it was. */
export const zipkinSuite: Suite = {
  folder: 'zipkin',
  async *run(dir, { isHttp }) {
    const files = readdirSync(dir).filter((name) => name.endsWith('.json'))
    for (const name of files.sort()) yield await runFile(join(dir, name), name, isHttp)
  },
}

async function runFile(path: string, name: string, isHttp: boolean): Promise<FileResult> {
  const cases: CaseResult[] = []
  for (const form of FORMS) {
    const target = isHttp ? await httpTarget() : memoryTarget()
    try {
      const value = JSON.parse(readFileSync(path, 'utf8')) as Span | readonly Span[]
      const spans: readonly Span[] = Array.isArray(value) ? value : [value]
      await target.send(form, form === 'json' ? Buffer.from(JSON.stringify(spans)) : asProtobuf(spans))
      const wanted = form === 'json' ? spans : spans.map(plainAddresses)
      cases.push(...(await judge(wanted, target, `${name} ${form}`)))
    } catch (error) {
      cases.push({ id: `${name} ${form}`, verdict: 'fail', reason: (error as Error).message })
    } finally {
      await target.close()
    }
  }
  return { name, cases }
}

/** One case a span, and one a trace for the number of its spans. */
async function judge(spans: readonly Span[], target: Target, id: string): Promise<CaseResult[]> {
  const cases: CaseResult[] = []
  for (const [traceId, wanted] of Map.groupBy(spans.map(canonical), (span) => span.traceId)) {
    const got = (await target.trace(traceId)).map(canonical)
    const isWhole = got.length === wanted.length
    const reason = isWhole ? '' : `want ${wanted.length} spans of trace ${traceId}, got ${got.length}`
    cases.push({ id: `${id}:${traceId}`, verdict: isWhole ? 'pass' : 'fail', reason })
    for (const span of wanted) {
      const found = got.findIndex((one) => isDeepStrictEqual(one, span))
      const near = got.find((one) => one.id === span.id && one.kind === span.kind)
      if (found >= 0) got.splice(found, 1)
      cases.push({
        id: `${id}:${span.id}${span.kind === undefined ? '' : `:${span.kind}`}`,
        verdict: found >= 0 ? 'pass' : 'fail',
        reason: found >= 0 ? '' : difference(span, near),
      })
    }
  }
  return cases
}

/** Bytes of an address know no zeros in front: `52.0.0.04`. */
function plainAddresses(span: Span): Span {
  const plain = (one: Endpoint | undefined) =>
    one?.ipv4 === undefined ? one : { ...one, ipv4: one.ipv4.split('.').map(Number).join('.') }
  return { ...span, localEndpoint: plain(span.localEndpoint), remoteEndpoint: plain(span.remoteEndpoint) } as Span
}

/** What says the same is the same: ids of 32 digits, annotations by time, absent members absent. */
function canonical(span: Span): Span {
  const plain = Object.entries({
    ...span,
    traceId: span.traceId.padStart(32, '0'),
    tags: span.tags ?? {},
    annotations: [...(span.annotations ?? [])].sort(
      (a, b) => a.timestamp - b.timestamp || (a.value < b.value ? -1 : 1),
    ),
  }).filter(([, value]) => value !== undefined && value !== false && value !== '')
  return Object.fromEntries(plain) as unknown as Span
}

function difference(wanted: Span, got: Span | undefined): string {
  if (got === undefined) return 'the span is not there'
  const keys = new Set([...Object.keys(wanted), ...Object.keys(got)]) as Set<keyof Span>
  return [...keys]
    .filter((key) => !isDeepStrictEqual(wanted[key], got[key]))
    .map((key) => `${key}: want ${JSON.stringify(wanted[key])}, got ${JSON.stringify(got[key])}`)
    .join('; ')
}

/** Source of the field numbers: openzipkin/zipkin-api zipkin.proto. */
function asProtobuf(spans: readonly Span[]): Uint8Array<ArrayBuffer> {
  const out = new ProtobufWriter()
  for (const span of spans) {
    const mark = out.open(0x0a)
    out.bytes(0x0a, Buffer.from(span.traceId, 'hex'))
    if (span.parentId !== undefined) out.bytes(0x12, Buffer.from(span.parentId, 'hex'))
    out.bytes(0x1a, Buffer.from(span.id, 'hex'))
    if (span.kind !== undefined) out.varint(0x20, KINDS[span.kind])
    if (span.name !== undefined) out.text(0x2a, span.name)
    if (span.timestamp !== undefined) putFixed(out, 0x31, span.timestamp)
    if (span.duration !== undefined) out.varint(0x38, span.duration)
    if (span.localEndpoint !== undefined) putEndpoint(out, 0x42, span.localEndpoint)
    if (span.remoteEndpoint !== undefined) putEndpoint(out, 0x4a, span.remoteEndpoint)
    for (const { timestamp, value } of span.annotations ?? []) {
      const annotation = out.open(0x52)
      putFixed(out, 0x09, timestamp)
      out.text(0x12, value)
      out.close(annotation)
    }
    for (const [key, value] of Object.entries(span.tags ?? {})) {
      const tag = out.open(0x5a)
      out.text(0x0a, key)
      out.text(0x12, value)
      out.close(tag)
    }
    if (span.debug === true) out.varint(0x60, 1)
    if (span.shared === true) out.varint(0x68, 1)
    out.close(mark)
  }
  return Uint8Array.from(out.finish())
}

function putFixed(out: ProtobufWriter, tag: number, value: number): void {
  out.fixed64(tag, value % 2 ** 32, Math.floor(value / 2 ** 32))
}

function putEndpoint(out: ProtobufWriter, tag: number, { serviceName, ipv4, ipv6, port }: Endpoint): void {
  const mark = out.open(tag)
  if (serviceName !== undefined) out.text(0x0a, serviceName)
  if (ipv4 !== undefined) out.bytes(0x12, ipBytes(ipv4))
  if (ipv6 !== undefined) out.bytes(0x1a, ipBytes(ipv6))
  if (port !== undefined) out.varint(0x20, port)
  out.close(mark)
}

function ipBytes(text: string): Buffer {
  if (!text.includes(':')) return Buffer.from(text.split('.').map(Number))
  const [head = '', tail] = text.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const [first, last] = [groups(head), groups(tail ?? '')]
  const zeros = Array<string>(8 - first.length - last.length).fill('0')
  return Buffer.from([...first, ...zeros, ...last].map((group) => group.padStart(4, '0')).join(''), 'hex')
}

/** The decoders, a store in memory and the API's answer. */
function memoryTarget(): Target {
  const memory = new MemorySpans()
  return {
    send: async (form, body) => {
      const decoder = form === 'json' ? new ZipkinJsonDecoder() : new ZipkinProtobufDecoder()
      const batch = new SpanBatch()
      decoder.start(body, body.length, batch)
      const outcome = decoder.step(Number.POSITIVE_INFINITY, systemClock)
      if (outcome !== 'done')
        throw new Error(outcome === 'more' ? 'a decoder without a deadline stopped' : outcome.message)
      if (batch.refused.length > 0) throw new Error(`refused: ${batch.refused[0]?.message}`)
      memory.appendBatch('default', batch)
    },
    trace: async (traceId) => {
      const job = { kind: 'traces', traceIds: [traceId], form: 'zipkin' } as const
      const answer = runTracesJob(job, 'default', memory, unlimitedBudget)
      if (!answer.ok) throw new Error(answer.error.message)
      return (JSON.parse(Buffer.from(answer.value).toString('utf8')) as Span[][])[0] ?? []
    },
    close: async () => {},
  }
}

/** The whole product. */
async function httpTarget(): Promise<Target> {
  const server = new ServerProcess()
  await server.start()
  return {
    send: async (form, body) => {
      const headers = { 'content-type': TYPES[form] }
      const answer = await fetch(`${server.baseUrl}/api/v2/spans`, { method: 'POST', headers, body })
      if (answer.status !== 202) throw new Error(`POST answered ${answer.status}: ${await answer.text()}`)
    },
    trace: async (traceId) => {
      const answer = await fetch(`${server.baseUrl}/zipkin/api/v2/trace/${traceId}`)
      return answer.ok ? ((await answer.json()) as Span[]) : []
    },
    close: () => server.stop(),
  }
}
