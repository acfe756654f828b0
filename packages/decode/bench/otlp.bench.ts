/**
 * How many OTLP data points a second of CPU go from protobuf, and from JSON, to a metric batch?
 * One resource, 100 metrics × 10 points, 5 attributes each. Run: `node packages/decode/bench/otlp.bench.ts`.
 */
import { MetricBatch, systemClock } from '@vantage/model'
import { METRICS_REQUEST, OtlpInterner, OtlpJsonDecoder, OtlpMetricsDecoder } from '../src/otlp/index.ts'
import { OtlpJsonTranscoder } from '../src/otlp/json.ts'

const ROUNDS = 500
const METRICS = 100
const POINTS = 10

const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } })
const body = new TextEncoder().encode(
  JSON.stringify({
    resourceMetrics: [
      {
        resource: { attributes: [attribute('service.name', 'checkout'), attribute('service.instance.id', 'a-1')] },
        scopeMetrics: [
          {
            scope: { name: 'http', version: '1.0.0' },
            metrics: Array.from({ length: METRICS }, (_, m) => ({
              name: `http.server.requests.${m}`,
              unit: 's',
              gauge: {
                dataPoints: Array.from({ length: POINTS }, (_, p) => ({
                  timeUnixNano: '1700000000000000000',
                  asDouble: p * 0.37,
                  attributes: ['http.method', 'http.route', 'server.address', 'zone', 'shard'].map((key) =>
                    attribute(key, `value-${p}`),
                  ),
                })),
              },
            })),
          },
        ],
      },
    ],
  }),
)
const transcoder = new OtlpJsonTranscoder(METRICS_REQUEST)
transcoder.start(body, body.length)
transcoder.step(Number.POSITIVE_INFINITY, systemClock)
const protobuf = transcoder.writer.finish()

const interner = new OtlpInterner(1)
const batch = new MetricBatch()
const binary = new OtlpMetricsDecoder(interner)
for (const [name, bytes, decoder] of [
  ['protobuf', protobuf, binary],
  ['JSON', body, new OtlpJsonDecoder(METRICS_REQUEST, new OtlpMetricsDecoder(interner))],
] as const) {
  const run = (rounds: number) => {
    const before = process.cpuUsage()
    for (let round = 0; round < rounds; round++) {
      batch.reset()
      decoder.start(bytes, bytes.length, batch)
      if (decoder.step(Number.POSITIVE_INFINITY, systemClock) !== 'done') throw new Error('not decoded')
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1e6
  }
  run(50)
  const perSecond = (ROUNDS * METRICS * POINTS) / run(ROUNDS)
  process.stdout.write(`${name}: ${(perSecond / 1e6).toFixed(2)} M points per CPU second\n`)
}
