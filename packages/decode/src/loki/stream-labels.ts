import { type Attribute, err, type Fault, fault, foreign, type ItemReason, ok, type Result } from '@vantage/model'
import type { LabelLimits } from '../limits.ts'

/** Labels that may name a stream's service, the best first. Source: grafana/loki docs, `discover_service_name`. */
const SERVICE_LABELS = [
  'service',
  'app',
  'application',
  'app_name',
  'name',
  'app_kubernetes_io_name',
  'container',
  'container_name',
  'k8s_container_name',
  'component',
  'workload',
  'job',
  'k8s_job_name',
]

const SERVICE_NAME = 'service_name'
const UNKNOWN = 'unknown_service'
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:.-]*/
const STRING = /^"(?:[^"\\]|\\.)*"|^`[^`]*`/s

/** Reads a label set as `{a="b", c="d"}`. */
export function parseStreamLabels(text: string): Result<[string, string][], Fault> {
  const pairs: [string, string][] = []
  let rest = text.trim()
  if (!rest.startsWith('{') || !rest.endsWith('}')) return bad('want {name="value", …}', text)
  rest = rest.slice(1, -1).trim()
  while (rest !== '') {
    const name = NAME.exec(rest)?.[0]
    if (name === undefined) return bad('want a label name', rest)
    rest = rest.slice(name.length).trimStart()
    if (!rest.startsWith('=')) return bad('want =', rest)
    rest = rest.slice(1).trimStart()
    const quoted = STRING.exec(rest)?.[0]
    const value = quoted === undefined ? undefined : unquote(quoted)
    if (quoted === undefined || value === undefined) return bad('want a quoted value', rest)
    pairs.push([name, value])
    rest = rest.slice(quoted.length).trimStart()
    if (rest === '') break
    if (!rest.startsWith(',')) return bad('want , or }', rest)
    rest = rest.slice(1).trimStart()
  }
  return ok(pairs)
}

export interface StreamProblem {
  readonly reason: Extract<ItemReason, 'too_many_labels' | 'label_name_too_long' | 'label_value_too_long'>
  readonly message: string
}

/** @returns the first limit that labels pass */
export function streamProblem(
  pairs: readonly (readonly [string, string])[],
  { maxLabels, maxLabelNameBytes, maxLabelValueBytes }: LabelLimits,
): StreamProblem | undefined {
  if (pairs.length > maxLabels) {
    const message = `stream: want at most ${maxLabels} labels (limits.maxStreamLabels), got ${pairs.length}`
    return { reason: 'too_many_labels', message }
  }
  for (const [name, value] of pairs) {
    if (Buffer.byteLength(name) > maxLabelNameBytes) {
      const message = `stream: want label names of at most ${maxLabelNameBytes} bytes (limits.maxLabelNameBytes)`
      return { reason: 'label_name_too_long', message }
    }
    if (Buffer.byteLength(value) > maxLabelValueBytes) {
      const message = `stream: want at most ${maxLabelValueBytes} bytes in label ${foreign(name)} (limits.maxLabelValueBytes)`
      return { reason: 'label_value_too_long', message }
    }
  }
  return undefined
}

/** Attributes of a stream's origin: its labels and, where none says it, the service. */
export function streamAttributes(pairs: readonly (readonly [string, string])[]): Attribute[] {
  const labels = new Map(pairs.filter(([, value]) => value !== ''))
  if (!labels.has(SERVICE_NAME)) {
    const named = SERVICE_LABELS.find((name) => labels.has(name))
    labels.set(SERVICE_NAME, named === undefined ? UNKNOWN : (labels.get(named) as string))
  }
  return [...labels].map(([key, value]) => ({ key, value: { kind: 'string', value } }))
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
  "'": "'",
}

/** A string as Go quotes it. */
function unquote(quoted: string): string | undefined {
  const inner = quoted.slice(1, -1)
  if (quoted.startsWith('`') || !inner.includes('\\')) return inner
  let isBad = false
  const text = inner.replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gs, (_, ...parts) => {
    const [x, u, wide, plain] = parts as (string | undefined)[]
    const hex = x ?? u ?? wide
    if (hex !== undefined && Number.parseInt(hex, 16) <= 0x10ffff) return String.fromCodePoint(Number.parseInt(hex, 16))
    const known = plain === undefined ? undefined : ESCAPES[plain]
    if (known === undefined) isBad = true
    return known ?? ''
  })
  return isBad ? undefined : text.toWellFormed()
}

function bad(wanted: string, got: string): Result<never, Fault> {
  return err(fault('bad_request', `stream labels: ${wanted}, got ${JSON.stringify(foreign(got))}`))
}
