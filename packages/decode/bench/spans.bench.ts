/**
 * How many spans a second of CPU go from Zipkin JSON, and from Jaeger Thrift, to a span batch?
 * Zipkin: 100 spans of 8 tags; Jaeger: the recorded body of a client. Run: `node packages/decode/bench/spans.bench.ts`.
 */
import { readFileSync } from 'node:fs'
import { SpanBatch, systemClock } from '@vantage/model'
import { JaegerThriftDecoder } from '../src/jaeger/index.ts'
import { ZipkinJsonDecoder } from '../src/zipkin/index.ts'

const SPANS_PER_RUN = 100_000
const TAGS = ['http.method', 'http.path', 'http.url', 'zone', 'shard', 'user.id', 'db.statement', 'peer.address']

const zipkin = Buffer.from(
  JSON.stringify(
    Array.from({ length: 100 }, (_, i) => ({
      traceId: '5982fe77008310cc80f1da5e10147517',
      parentId: '90394f6bcffb5d13',
      id: (i + 1).toString(16).padStart(16, '0'),
      kind: 'SERVER',
      name: 'get /cart',
      timestamp: 1_516_781_775_726_000 + i,
      duration: 26_000,
      localEndpoint: { serviceName: 'checkout', ipv4: '10.0.0.1', port: 80 },
      annotations: [{ timestamp: 1_516_781_775_726_001, value: 'first byte' }],
      tags: Object.fromEntries(TAGS.map((key) => [key, `${key} has the value ${i}`])),
    })),
  ),
)
const thrift = readFileSync(new URL('../src/jaeger/vectors/opentelemetry-jaeger-thrift-1.21.0.bin', import.meta.url))

const batch = new SpanBatch()
for (const [name, body, decoder] of [
  ['Zipkin JSON', zipkin, new ZipkinJsonDecoder()],
  ['Jaeger Thrift', thrift, new JaegerThriftDecoder()],
] as const) {
  const run = (spansMin: number) => {
    const before = process.cpuUsage()
    let spans = 0
    while (spans < spansMin) {
      batch.reset()
      decoder.start(body, body.length, batch)
      if (decoder.step(Number.POSITIVE_INFINITY, systemClock) !== 'done') throw new Error('not decoded')
      spans += batch.columns.count
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / spans
  }
  run(SPANS_PER_RUN / 10)
  const runs = Array.from({ length: 3 }, () => run(SPANS_PER_RUN)).sort((a, b) => a - b)
  process.stdout.write(`${name}: ${(runs[1] as number).toFixed(2)} µs of CPU a span\n`)
}
