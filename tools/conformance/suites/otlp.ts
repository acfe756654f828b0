import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { SPAN_KINDS, STATUS_CODES } from '../../../packages/model/src/index.ts'
import type { CaseResult, FileResult, Suite } from '../suite.ts'
import { bodyText, flatten, type LogFact, metricFacts, nameOf, type SeriesFact } from './otlp-facts.ts'
import {
  httpTarget,
  memoryTarget,
  type OtlpForm,
  type OtlpSignal,
  type OtlpTarget,
  protobufOf,
} from './otlp-targets.ts'

const FORMS: readonly OtlpForm[] = ['json', 'protobuf']
/** Of the small bodies, by the signal they are named after. */
const SIGNALS: Readonly<Record<string, OtlpSignal>> = { plog: 'logs', ptrace: 'traces', pmetric: 'metrics' }
const BODIES = 'pdata_json_bodies.json'

// biome-ignore lint/suspicious/noExplicitAny: bodies of others, read as they are.
type Json = any

/** Examples of the specification: taken in both forms, read back with every member as it was. */
export const otlpSuite: Suite = {
  folder: 'otlp',
  async *run(dir, { isHttp }) {
    const open = isHttp ? httpTarget : memoryTarget
    yield* runExamples(dir, 'examples', open)
    if (existsSync(join(dir, BODIES))) yield await runBodies(join(dir, BODIES), open)
  },
}

/** Files of one folder, each taken in both forms and read back. */
export async function* runExamples(
  dir: string,
  folder: string,
  open: () => Promise<OtlpTarget>,
): AsyncIterable<FileResult> {
  const examples = existsSync(join(dir, folder)) ? readdirSync(join(dir, folder)).sort() : []
  for (const name of examples.filter((one) => one.endsWith('.json'))) {
    const cases: CaseResult[] = []
    for (const form of FORMS) {
      cases.push(...(await runExample(join(dir, folder, name), `${name} ${form}`, form, open)))
    }
    yield { name: `${folder}/${name}`, cases }
  }
}

async function runExample(
  path: string,
  id: string,
  form: OtlpForm,
  open: () => Promise<OtlpTarget>,
): Promise<CaseResult[]> {
  const target = await open()
  try {
    const body = JSON.parse(readFileSync(path, 'utf8'), asOtlpJson) as Json
    const signal = signalOf(body)
    const refused = await target.send(
      signal,
      form,
      form === 'json' ? Buffer.from(JSON.stringify(body)) : protobufOf(signal, body),
    )
    const cases = [verdict(`${id}:accepted`, refused)]
    if (signal === 'traces') cases.push(...(await judgeTraces(body, target, id)))
    else if (signal === 'logs') cases.push(...judgeLogs(body, await target.logs(), id))
    else cases.push(...judgeMetrics(metricFacts(body), await target.series(), id))
    return cases
  } catch (error) {
    return [verdict(id, (error as Error).message)]
  } finally {
    await target.close()
  }
}

const IDS: ReadonlySet<string> = new Set(['traceId', 'spanId', 'parentSpanId'])
const BASE64_ID = /^(?:[A-Za-z0-9+/]{11}=|[A-Za-z0-9+/]{22}==)$/

/** Some files are written as protobuf's own JSON: ids in base64 and enumerations by name, where OTLP has hex and numbers. */
function asOtlpJson(key: string, value: Json): Json {
  if (typeof value !== 'string') return value
  if (IDS.has(key) && BASE64_ID.test(value)) return Buffer.from(value, 'base64').toString('hex')
  if (key === 'kind' && value.startsWith('SPAN_KIND_')) return SPAN_KINDS.indexOf(enumWord(value, 'SPAN_KIND_'))
  if (key === 'code' && value.startsWith('STATUS_CODE_')) return STATUS_CODES.indexOf(enumWord(value, 'STATUS_CODE_'))
  return value
}

function enumWord<T extends string>(name: string, prefix: string): T {
  return name.slice(prefix.length).toLowerCase() as T
}

/** Bodies with members that nobody knows are taken, or not, as the library of the project does. */
async function runBodies(path: string, open: () => Promise<OtlpTarget>): Promise<FileResult> {
  const target = await open()
  const cases: CaseResult[] = []
  try {
    const all = JSON.parse(readFileSync(path, 'utf8')) as { signal: string; json_parses: boolean; body: Json }[]
    for (const [i, { signal, json_parses: isTaken, body }] of all.entries()) {
      const id = `${BODIES}:${i}`
      const known = SIGNALS[signal]
      if (known === undefined) {
        cases.push({ id, verdict: 'left out', reason: `no door for ${signal}` })
        continue
      }
      const sent = target.send(known, 'json', Buffer.from(JSON.stringify(body)))
      const got = await sent.then(
        (refused) => refused === '',
        () => false,
      )
      cases.push(verdict(id, got === isTaken ? '' : `want it ${isTaken ? 'taken' : 'refused'}`))
    }
  } catch (error) {
    cases.push(verdict(BODIES, (error as Error).message))
  } finally {
    await target.close()
  }
  return { name: BODIES, cases }
}

function signalOf(body: Json): OtlpSignal {
  if (body.resourceSpans !== undefined) return 'traces'
  return body.resourceLogs === undefined ? 'metrics' : 'logs'
}

function verdict(id: string, reason: string): CaseResult {
  return { id, verdict: reason === '' ? 'pass' : 'fail', reason }
}

/** Members that are left out mean their zero. */
const SPAN_ZEROS = { kind: 0, attributes: [], events: [], links: [], status: {}, name: '' }

async function judgeTraces(body: Json, target: OtlpTarget, id: string): Promise<CaseResult[]> {
  const cases: CaseResult[] = []
  for (const resource of body.resourceSpans) {
    for (const scope of resource.scopeSpans) {
      for (const span of scope.spans) {
        const traceId = String(span.traceId).toLowerCase()
        const found = (await target.trace(traceId)) as Json[]
        const own = found.flatMap((one) => one.scopeSpans.map((inner: Json) => ({ resource: one.resource, ...inner })))
        const [place] = own.filter((one) => one.spans.some((got: Json) => isId(got.spanId, span.spanId)))
        const got = place?.spans.find((one: Json) => isId(one.spanId, span.spanId))
        const lowered = { traceId, spanId: lower(span.spanId), parentSpanId: lower(span.parentSpanId) }
        const wanted = { ...SPAN_ZEROS, ...span, ...lowered }
        cases.push(difference(`${id}:span ${span.name}`, wanted, got))
        cases.push(difference(`${id}:resource`, resource.resource, place?.resource))
        cases.push(difference(`${id}:scope`, scope.scope, place?.scope))
      }
    }
  }
  return cases
}

function isId(got: string, wanted: string): boolean {
  return got === lower(wanted)
}

function lower(text: string | undefined): string | undefined {
  return text?.toLowerCase()
}

function difference(id: string, wanted: Json, got: Json): CaseResult {
  const plain = (value: Json) => JSON.parse(JSON.stringify(value ?? null)) as Json
  if (isDeepStrictEqual(plain(wanted), plain(got))) return verdict(id, '')
  return verdict(id, `want ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`)
}

function judgeLogs(body: Json, found: readonly LogFact[], id: string): CaseResult[] {
  const cases: CaseResult[] = []
  for (const resource of body.resourceLogs) {
    for (const scope of resource.scopeLogs) {
      for (const [i, record] of scope.logRecords.entries()) {
        const got = found.find((one) => one.timeNs === record.timeUnixNano && one.line === bodyText(record.body))
        cases.push(verdict(`${id}:${i} time and body`, got === undefined ? 'the record is not there' : ''))
        for (const [field, wanted] of Object.entries(fieldsOf(resource.resource, scope.scope, record))) {
          const value = got?.fields[field]
          const reason = value === wanted ? '' : `want ${JSON.stringify(wanted)}, got ${JSON.stringify(value)}`
          cases.push(verdict(`${id}:${i} ${field}`, reason))
        }
      }
    }
  }
  return cases
}

/** What LogQL shows of a record, as text. */
function fieldsOf(resource: Json, scope: Json, record: Json): Record<string, string> {
  const own = {
    severity_number: record.severityNumber,
    severity_text: record.severityText,
    trace_id: lower(record.traceId),
    span_id: lower(record.spanId),
    observed_timestamp: record.observedTimeUnixNano,
    event_name: record.eventName,
    scope_name: scope?.name,
    scope_version: scope?.version,
  }
  const said = Object.entries(own).filter(([, value]) => value !== undefined)
  return {
    ...Object.fromEntries(said.map(([key, value]) => [key, String(value)])),
    ...flatten([...(resource?.attributes ?? []), ...(scope?.attributes ?? []), ...(record.attributes ?? [])]),
  }
}

function judgeMetrics(wanted: readonly SeriesFact[], found: readonly SeriesFact[], id: string): CaseResult[] {
  return wanted.map(({ name, labels, value }) => {
    const named = found.filter((one) => one.name.startsWith(nameOf(name)))
    const matching = named.filter((one) => Object.entries(labels).every(([key, text]) => one.labels[key] === text))
    const isThere = matching.some((one) => one.value === value)
    const got = named.map((one) => `${one.name}${JSON.stringify(one.labels)} ${one.value}`).join(', ')
    return verdict(`${id}:${name}${JSON.stringify(labels)}`, isThere ? '' : `want ${value}, got ${got || 'no series'}`)
  })
}
