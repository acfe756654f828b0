import { hexBytes } from '@vantage/model'
import { type NotedV1, toldByNotes } from './json-span-v1.ts'
import { fullId, type ZipkinEndpoint, type ZipkinParts } from './span.ts'

const KINDS: Readonly<Record<string, number>> = { SERVER: 2, CLIENT: 3, PRODUCER: 4, CONSUMER: 5 }

/** Reads one span of Zipkin's JSON. Source: openzipkin/zipkin-api zipkin2-api.yaml and zipkin-api.yaml, `Span`. */
export function readJsonSpan(value: Readonly<Record<string, unknown>>): ZipkinParts {
  const tags = isRecord(value['tags']) ? value['tags'] : {}
  const parts: ZipkinParts = {
    traceId: idOf(value['traceId'], 16),
    spanId: idOf(value['id'], 8),
    parentSpanId: (value['parentId'] ?? undefined) === undefined ? new Uint8Array(8) : idOf(value['parentId'], 8),
    name: textOf(value['name']),
    kind: KINDS[textOf(value['kind']).toUpperCase()] ?? 0,
    timestampUs: microsOf(value['timestamp']),
    durationUs: microsOf(value['duration']),
    local: endpointOf(value['localEndpoint']),
    remote: endpointOf(value['remoteEndpoint']),
    annotations: annotationsOf(value['annotations']),
    tags: Object.entries(tags).map(([key, tag]) => [key, typeof tag === 'string' ? tag : JSON.stringify(tag)]),
    isDebug: value['debug'] === true,
    isShared: value['shared'] === true,
  }
  if (!isFirstVersion(value)) return parts
  const { timestampUs, durationUs } = parts
  const told = toldByNotes(notesOf(value['annotations']), notesOf(value['binaryAnnotations']), timestampUs, durationUs)
  return { ...parts, ...told }
}

/** Only the first version says by annotations who a span is of. */
function isFirstVersion(value: Readonly<Record<string, unknown>>): boolean {
  if (['localEndpoint', 'remoteEndpoint', 'kind', 'tags'].some((name) => value[name] !== undefined)) return false
  const { annotations } = value
  const hasEndpoints =
    Array.isArray(annotations) && annotations.some((one) => isRecord(one) && isRecord(one['endpoint']))
  return hasEndpoints || Array.isArray(value['binaryAnnotations'])
}

function notesOf(value: unknown): NotedV1[] {
  if (!Array.isArray(value)) return []
  return value.filter(isRecord).map((one) => ({
    key: textOf(one['key']),
    timestampUs: microsOf(one['timestamp']) ?? 0n,
    value: typeof one['value'] === 'string' ? textOf(one['value']) : JSON.stringify(one['value'] ?? ''),
    endpoint: endpointOf(one['endpoint']),
  }))
}

function endpointOf(value: unknown): ZipkinEndpoint {
  const endpoint = isRecord(value) ? value : {}
  const port = Number(endpoint['port'] ?? 0)
  return {
    service: textOf(endpoint['serviceName']),
    ip: textOf(endpoint['ipv4']) || textOf(endpoint['ipv6']),
    port: Number.isInteger(port) ? port : 0,
  }
}

function annotationsOf(value: unknown): ZipkinParts['annotations'] {
  if (!Array.isArray(value)) return []
  return value
    .filter(isRecord)
    .map((one) => ({ timestampUs: microsOf(one['timestamp']) ?? 0n, value: textOf(one['value']) }))
}

function idOf(value: unknown, length: number): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined
  const bytes = hexBytes(value, length) ?? hexBytes(value, 8)
  return bytes === undefined ? undefined : fullId(bytes, length)
}

function microsOf(value: unknown): bigint | undefined {
  if (value === undefined || value === null) return 0n
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  return typeof value === 'string' && /^\d{1,18}$/.test(value) ? BigInt(value) : undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.toWellFormed() : ''
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
