/**
 * How many samples a second of CPU go from a snappy block to a metric batch?
 * Two shapes: 1 000 series × 1 sample (a scrape) and 500 × 10 (a sender that caught up); 11 labels, 290 bytes a series.
 * Run: `node packages/decode/bench/remote-write.bench.ts`.
 */
import { ReusableBuffer, snappyCompress, snappyDecompress } from '@vantage/bytes'
import { MetricBatch, systemClock } from '@vantage/model'
import { RemoteWriteDecoder } from '../src/remote-write/decode.ts'
import { encodeRemoteWrite } from '../src/remote-write/encode.ts'

const ROUNDS = 2000
const BODY_MAX_BYTES = 32 * 1024 * 1024

function payload(seriesCount: number, samplesEach: number): Uint8Array {
  const series = Array.from({ length: seriesCount }, (_, i) => ({
    labels: [
      ...['__name__', 'http_request_duration_seconds_bucket', 'cluster', 'prod-eu-west-1', 'container', 'checkout'],
      ...['endpoint', 'http', 'instance', `10.1.${i >> 8}.${i & 255}:9090`, 'job', 'kubernetes-pods', 'le', `0.${i}`],
      ...['method', 'POST', 'namespace', 'shop', 'pod', `checkout-7c9f8d-${i}`, 'service', 'checkout'],
    ],
    times: Array.from({ length: samplesEach }, (_, k) => 1.7e12 + k * 1000),
    values: Float64Array.from({ length: samplesEach }, (_, k) => k * i * 0.37),
  }))
  return snappyCompress(encodeRemoteWrite(series))
}

for (const [seriesCount, samplesEach] of [
  [1000, 1],
  [500, 10],
] as const) {
  const block = payload(seriesCount, samplesEach)
  const out = new ReusableBuffer()
  const batch = new MetricBatch()
  const decoder = new RemoteWriteDecoder()
  const run = (rounds: number) => {
    const before = process.cpuUsage()
    for (let round = 0; round < rounds; round++) {
      const length = snappyDecompress(block, 0, block.length, out, BODY_MAX_BYTES)
      if (!length.ok) throw new Error(length.error.message)
      batch.reset()
      decoder.start(out.bytes, length.value, batch)
      decoder.step(Number.POSITIVE_INFINITY, systemClock)
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1e6
  }
  run(300)
  const perSecond = (ROUNDS * seriesCount * samplesEach) / run(ROUNDS)
  process.stdout.write(
    `${seriesCount} series × ${samplesEach}: ${(perSecond / 1e6).toFixed(2)} M samples per CPU second\n`,
  )
}
