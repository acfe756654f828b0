/**
 * How many samples a second of CPU go from lines of text to a metric batch (StatsD: into the aggregator)?
 * One long scrape with 5 labels a line; InfluxDB points of 4 fields; StatsD counters with 2 tags.
 * Run: `node packages/decode/bench/lines.bench.ts`.
 */
import { MetricBatch, systemClock } from '@vantage/model'
import { InfluxDecoder } from '../src/influx/index.ts'
import { readStatsdLine, StatsdAggregator, StatsdMapper } from '../src/statsd/index.ts'
import { TextDecoder } from '../src/text/index.ts'

const LINES = 50_000
const FIELDS = 4
const ROUNDS = 20

const encoder = new TextEncoder()
const batch = new MetricBatch()

function report(name: string, samples: number, run: () => void): void {
  for (let round = 0; round < ROUNDS / 4; round++) run()
  const before = process.cpuUsage()
  for (let round = 0; round < ROUNDS; round++) run()
  const { user, system } = process.cpuUsage(before)
  const perSecond = (ROUNDS * samples) / ((user + system) / 1e6)
  process.stdout.write(`${name}: ${(perSecond / 1e6).toFixed(2)} M samples per CPU second\n`)
}

function exposition(family: string, time: string, end: string): Uint8Array {
  const lines = Array.from({ length: LINES }, (_, i) => {
    const labels = `instance="host-${i % 100}:9090",job="shop",method="GET",path="/api/${i}",code="200"`
    return `http_requests_total{${labels}} ${i * 1.5} ${time}\n`
  })
  return encoder.encode(`# TYPE ${family} counter\n${lines.join('')}${end}`)
}

for (const [grammar, body] of [
  ['prometheus', exposition('http_requests_total', '1700000000123', '')],
  ['openmetrics', exposition('http_requests', '1700000000.123', '# EOF\n')],
] as const) {
  const decoder = new TextDecoder({ grammar, mode: 'scrape' })
  report(`${grammar} text`, LINES, () => {
    batch.reset()
    decoder.start(body, body.length, batch, 0)
    if (decoder.step(Number.POSITIVE_INFINITY, systemClock) !== 'done') throw new Error('BUG: the text is good')
  })
}

const points = Array.from({ length: LINES }, (_, i) => {
  const fields = `usage_user=${i * 0.5},usage_system=2.25,usage_idle=90i,up=t`
  return `cpu,host=server-${i % 100},region=eu-west,dc=dc1 ${fields} 1700000000123456789\n`
})
const influx = new InfluxDecoder()
const body = encoder.encode(points.join(''))
report('influx lines', LINES * FIELDS, () => {
  batch.reset()
  influx.start(body, body.length, batch, 'ns', 0)
  if (influx.step(Number.POSITIVE_INFINITY, systemClock) !== 'done') throw new Error('BUG: the lines are good')
})

const mapper = StatsdMapper.parse('')
if (!mapper.ok) throw new Error('BUG: no mappings are good mappings')
const aggregator = new StatsdAggregator({ mapper: mapper.value })
const sink = { event: (event: Parameters<typeof aggregator.add>[0]) => aggregator.add(event, 1), problem: () => {} }
const counters = Array.from({ length: LINES }, (_, i) => `shop.requests.${i % 20}:${i}|c|#env:prod,route:/p${i % 50}`)
report('statsd lines', LINES, () => {
  for (const line of counters) readStatsdLine(line, sink)
})
