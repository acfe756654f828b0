import { type Attributes, attribute, serviceOf, UNKNOWN_SERVICE, valueText } from '@vantage/model'
import type { SpanView, TraceView } from '@vantage/query/traceql'
import type { ServiceEdge } from '@vantage/query/traces'

/** Zipkin's kinds by place in SPAN_KINDS; others have none. */
const KINDS = [undefined, undefined, 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const

/** Where the decoder of Zipkin's spans puts what Zipkin has a member for. */
const LOCAL_IP = 'net.host.ip'
const LOCAL_PORT = 'net.host.port'
const REMOTE_SERVICE = 'peer.service'
const REMOTE_IP = 'net.peer.ip'
const REMOTE_PORT = 'net.peer.port'
const DEBUG = 'zipkin.debug'
const SHARED = 'zipkin.shared'
const PLACED: ReadonlySet<string> = new Set([
  LOCAL_IP,
  LOCAL_PORT,
  REMOTE_SERVICE,
  REMOTE_IP,
  REMOTE_PORT,
  DEBUG,
  SHARED,
])

/** Attributes that name the other side, best first. Source: OpenTelemetry specification trace/sdk_exporters/zipkin.md. */
const REMOTE_NAMES = [
  REMOTE_SERVICE,
  'server.address',
  'net.peer.name',
  'net.sock.peer.name',
  'db.namespace',
  'db.name',
]

/**
 * A trace as a list of Zipkin v2 spans. Times are µs; values of tags are texts.
 * Source: OpenTelemetry specification trace/sdk_exporters/zipkin.md; openzipkin/zipkin-api zipkin2-api.yaml.
 */
export function zipkinTrace(trace: TraceView): unknown[] {
  return trace.spans.map((span) => spanJson(span, isShared(span, trace)))
}

/** A server that has the id of its client. */
function isShared(span: SpanView, trace: TraceView): boolean {
  return span.kind === 2 && trace.spans.some((one) => one !== span && one.kind === 3 && one.spanId === span.spanId)
}

function spanJson(span: SpanView, shared: boolean): unknown {
  const { attributes, origin } = span
  const service = serviceOf(origin)
  const kind = KINDS[span.kind]
  const local = endpoint(
    service === UNKNOWN_SERVICE ? '' : service,
    textOf(attributes, LOCAL_IP),
    textOf(attributes, LOCAL_PORT),
  )
  const remote = remoteEndpoint(attributes)
  const annotations = span.events.map((event) => ({
    timestamp: microseconds(event.timeUnixNs),
    value: event.attributes.length === 0 ? event.name : JSON.stringify({ [event.name]: record(event.attributes) }),
  }))
  const durationUs = Math.floor(span.durationNs / 1e3)
  return {
    traceId: span.traceId,
    id: span.spanId,
    ...(span.parentSpanId === '' ? {} : { parentId: span.parentSpanId }),
    ...(span.name === '' ? {} : { name: span.name }),
    ...(kind === undefined ? {} : { kind }),
    ...(span.startNs === 0n ? {} : { timestamp: microseconds(span.startNs) }),
    // Zipkin's durations are at least 1 µs.
    ...(span.endNs === 0n ? {} : { duration: Math.max(1, durationUs) }),
    ...(local === undefined ? {} : { localEndpoint: local }),
    ...(remote === undefined ? {} : { remoteEndpoint: remote }),
    ...(annotations.length === 0 ? {} : { annotations }),
    tags: tagsOf(span),
    ...(isTrue(attributes, DEBUG) ? { debug: true } : {}),
    ...(shared || isTrue(attributes, SHARED) ? { shared: true } : {}),
  }
}

function isTrue(attributes: Attributes, name: string): boolean {
  return textOf(attributes, name) === 'true'
}

function microseconds(ns: bigint): number {
  return Number(ns / 1_000n)
}

function record(attributes: Attributes): Record<string, string> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, valueText(value)]))
}

function tagsOf(span: SpanView): Record<string, string> {
  const { origin, attributes } = span
  const tags = record(origin.resource.filter(({ key }) => key !== 'service.name'))
  Object.assign(tags, record(attributes.filter(({ key }) => !PLACED.has(key))))
  if (origin.scopeName !== '') tags['otel.scope.name'] = origin.scopeName
  if (origin.scopeVersion !== '') tags['otel.scope.version'] = origin.scopeVersion
  if (span.statusCode === 1) tags['otel.status_code'] = 'OK'
  // A sender that says it as a tag has said it.
  if (span.statusCode === 2 && tags['error'] === undefined) {
    tags['otel.status_code'] = 'ERROR'
    tags['error'] = span.statusMessage === '' ? 'true' : span.statusMessage
  }
  return tags
}

/** The other side of a span; '' where nobody says who it is. */
export function remoteService({ attributes }: SpanView): string {
  return firstText(attributes, REMOTE_NAMES)
}

function firstText(attributes: Attributes, names: readonly string[]): string {
  return names.map((name) => textOf(attributes, name)).find((text) => text !== '') ?? ''
}

function remoteEndpoint(attributes: Attributes): Record<string, string | number> | undefined {
  const address = firstText(attributes, ['network.peer.address', 'net.sock.peer.addr', REMOTE_IP])
  const port = firstText(attributes, ['network.peer.port', REMOTE_PORT, 'server.port'])
  return endpoint(firstText(attributes, REMOTE_NAMES), address, port)
}

function endpoint(serviceName: string, address: string, portText: string): Record<string, string | number> | undefined {
  const port = Number(portText === '' ? 0 : portText)
  const hasPort = Number.isInteger(port) && port > 0
  if (serviceName === '' && address === '' && !hasPort) return undefined
  return {
    ...(serviceName === '' ? {} : { serviceName }),
    ...(address === '' ? {} : { [address.includes(':') ? 'ipv6' : 'ipv4']: address }),
    ...(hasPort ? { port } : {}),
  }
}

function textOf(attributes: Attributes, name: string): string {
  const value = attribute(attributes, name)
  return value === undefined ? '' : valueText(value)
}

/** Databases and other peers are services to Zipkin. */
export function zipkinDependencies(edges: readonly ServiceEdge[]): unknown {
  return edges.map(({ client, server, calls, failed }) => ({
    parent: client,
    child: server,
    callCount: calls,
    ...(failed === 0 ? {} : { errorCount: failed }),
  }))
}
