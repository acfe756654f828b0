import { ProtobufWriter } from '@vantage/bytes'
import { TIME_MS, TimedTemplate, VALUE } from './timed-template.ts'

/**
 * The bodies of the doors beside remote write, in the shapes of applications: shard `shard` of a load is one instance
 * with series of its own.
 */

const OTLP_POINTS = 1_000
const JSON_ITEMS = 1_000
const STREAM_METRICS = 100
const TEXT_LINES = 1_000

const METRICS = 50
const NS_TEXT = `${TIME_MS}000000`
const ROUTES = ['/cart', '/checkout', '/orders', '/search', '/users'] as const
const METHODS = ['GET', 'POST'] as const
const STATUSES = [200, 404] as const

/** One request of 50 sums with 20 points each: two attributes of the resource, five of each point. */
export function otlpRequest(shard: number): TimedTemplate {
  const out = new ProtobufWriter()
  const resourceMetrics = out.open(0x0a)
  const resource = out.open(0x0a)
  writeAttribute(out, 0x0a, 'service.name', 'checkout')
  writeAttribute(out, 0x0a, 'service.instance.id', `checkout-7d4b9c6f5-${shard}`)
  out.close(resource)
  const scopeMetrics = out.open(0x12)
  const scope = out.open(0x0a)
  out.text(0x0a, '@opentelemetry/instrumentation-http')
  out.text(0x12, '0.301.0')
  out.close(scope)
  for (let metric = 0; metric < METRICS; metric++) writeSum(out, metric)
  out.close(scopeMetrics)
  out.close(resourceMetrics)
  return new TimedTemplate(out.finish(), OTLP_POINTS, 'fixed64 ns', 'double')
}

function writeSum(out: ProtobufWriter, metric: number): void {
  const mark = out.open(0x12)
  out.text(0x0a, `http.server.request.size.${metric}`)
  out.text(0x1a, 'By')
  const sum = out.open(0x3a)
  for (let point = 0; point < OTLP_POINTS / METRICS; point++) {
    const data = out.open(0x0a)
    // The start is another time than the placeholder, and the same in all requests.
    writeNs(out, 0x11, TIME_MS - 1)
    writeNs(out, 0x19, TIME_MS)
    out.double(0x21, VALUE)
    writeAttribute(out, 0x3a, 'http.request.method', METHODS[point % 2] as string)
    writeAttribute(out, 0x3a, 'http.route', ROUTES[point % 5] as string)
    writeAttribute(out, 0x3a, 'http.response.status_code', String(STATUSES[(point >> 1) % 2]))
    writeAttribute(out, 0x3a, 'network.protocol.version', '1.1')
    writeAttribute(out, 0x3a, 'server.address', `10.0.0.${point}`)
    out.close(data)
  }
  out.varint(0x10, 2)
  out.varint(0x18, 1)
  out.close(sum)
  out.close(mark)
}

function writeNs(out: ProtobufWriter, tag: number, timeMs: number): void {
  const ns = BigInt(timeMs) * 1_000_000n
  out.fixed64(tag, Number(ns & 0xffffffffn), Number(ns >> 32n))
}

function writeAttribute(out: ProtobufWriter, tag: number, key: string, value: string): void {
  const mark = out.open(tag)
  out.text(0x0a, key)
  const any = out.open(0x12)
  out.text(0x0a, value)
  out.close(any)
  out.close(mark)
}

/** A batch of 100 metrics with five labels and one sample each. @param clientId '' = the batches are not numbered */
export function telemetryBatch(shard: number, clientId: string): TimedTemplate {
  const out = new ProtobufWriter()
  out.text(0x0a, 'checkout')
  out.text(0x12, `checkout-7d4b9c6f5-${shard}`)
  for (let metric = 0; metric < STREAM_METRICS; metric++) {
    const mark = out.open(0x1a)
    out.text(0x0a, `http_server_request_duration_seconds_${metric % 10}`)
    writeLabel(out, 'method', METHODS[metric % 2] as string)
    writeLabel(out, 'route', ROUTES[metric % 5] as string)
    writeLabel(out, 'status_code', String(STATUSES[metric % 2]))
    writeLabel(out, 'region', 'eu-west-1')
    writeLabel(out, 'pool', `pool-${Math.floor(metric / 10)}`)
    const sample = out.open(0x1a)
    const ns = BigInt(TIME_MS) * 1_000_000n
    out.varint64(0x08, Number(ns & 0xffffffffn), Number(ns >> 32n))
    out.double(0x11, VALUE)
    out.close(sample)
    out.close(mark)
  }
  if (clientId !== '') out.text(0x22, clientId)
  return new TimedTemplate(out.finish(), STREAM_METRICS, 'varint ns', 'double')
}

function writeLabel(out: ProtobufWriter, name: string, value: string): void {
  const mark = out.open(0x12)
  out.text(0x0a, name)
  out.text(0x12, value)
  out.close(mark)
}

export function jsonBatch(shard: number): TimedTemplate {
  const metrics = Array.from({ length: JSON_ITEMS }, (_, i) => ({
    timestamp: TIME_MS,
    service_name: `checkout-${shard}`,
    metric_name: `http_server_request_duration_${i % 50}`,
    value: VALUE,
    endpoint: `/api/v2/orders/${Math.floor(i / 50)}`,
    method: METHODS[i % 2],
    status_code: STATUSES[(i >> 1) % 2],
  }))
  return new TimedTemplate(Buffer.from(JSON.stringify({ metrics })), JSON_ITEMS, 'text ms', 'text')
}

export function influxLines(shard: number): TimedTemplate {
  const lines = Array.from(
    { length: TEXT_LINES },
    (_, i) => `http_${i % 50},host=checkout-${shard},region=eu-west-1,route=${i} duration=${VALUE} ${NS_TEXT}\n`,
  )
  return new TimedTemplate(Buffer.from(lines.join('')), TEXT_LINES, 'text ns', 'text')
}

export function expositionText(shard: number): TimedTemplate {
  const lines = Array.from(
    { length: TEXT_LINES },
    (_, i) => `http_size_${i % 50}{instance="checkout-${shard}",region="eu-west-1",route="${i}"} ${VALUE} ${TIME_MS}\n`,
  )
  return new TimedTemplate(Buffer.from(lines.join('')), TEXT_LINES, 'text ms', 'text')
}

/** Counters that grow: StatsD knows no time. */
export function statsdLines(shard: number): TimedTemplate {
  const lines = Array.from(
    { length: TEXT_LINES },
    (_, i) => `http.${i % 50}:${VALUE}|c|#host:checkout-${shard},route:${i}\n`,
  )
  return new TimedTemplate(Buffer.from(lines.join('')), TEXT_LINES, 'none', 'text')
}
