import { readFileSync } from 'node:fs'
import { ReusableBuffer, snappyCompress, snappyDecompress } from '@vantage/bytes'
import { type Clock, type Fault, MetricBatch, STATUS } from '@vantage/model'
import { seededRandom, testSeed, testSet } from '@vantage/model/testing'
import { loadSync } from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { readChangeEvents } from './events/change-event.ts'
import { readExecutionRow } from './execution-log/entry.ts'
import { InfluxDecoder } from './influx/decode.ts'
import { JaegerAgentReader } from './jaeger/agent.ts'
import { readJaegerRequest } from './jaeger/query-request.ts'
import { isJsonBatch, JsonBatchDecoder } from './json-batch/decode.ts'
import { JSON_LINE_MAPPING, readJsonLine } from './json-lines/fields.ts'
import { JsonArrayTranscoder, JsonLinesTranscoder, type ReadRow } from './json-lines/transcode.ts'
import { MetricFamilyDecoder } from './metric-family/decode.ts'
import { OtlpMetricsDecoder } from './otlp/decode.ts'
import { OtlpInterner } from './otlp/interner.ts'
import { OtlpJsonDecoder, OtlpJsonTranscoder } from './otlp/json.ts'
import { METRICS_REQUEST } from './otlp/json-schema.ts'
import { RemoteWriteDecoder } from './remote-write/decode.ts'
import { encodeRemoteWrite } from './remote-write/encode.ts'
import { readStatsdLine, StatsdAggregator, type StatsdEvent, StatsdMapper } from './statsd/index.ts'
import { readTempoRequest } from './tempo/query-request.ts'
import { RECORD_FORMS, type RecordDecoder, type RecordForm, rowsOfForm, runForm } from './testing/record-forms.ts'
import { TextDecoder } from './text/decode.ts'

/** All fuzzed decoders share so many inputs. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? { test: 100_000, wide: 1_000_000, long: 10_000_000 }[testSet()])

/** Slices of one decode: a body of a few hundred bytes has no more pieces. */
const SLICES_MAX = 10_000

interface Sliced {
  start(body: Uint8Array, length: number, batch: MetricBatch): void
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault
}

const interner = new OtlpInterner(1, 500)
const remoteWrite = new RemoteWriteDecoder()
const jsonBatch = new JsonBatchDecoder()
const otlp = new OtlpMetricsDecoder(interner)
const otlpJson = new OtlpJsonDecoder(METRICS_REQUEST, new OtlpMetricsDecoder(interner))
const clock: Clock = { nowMs: () => 0, monotonicMs: () => 1 }

/** Runs a decoder to its end, reads every label set, and checks the sums of the batch. */
function drive(decoder: Sliced, body: Uint8Array): void {
  const batch = new MetricBatch()
  decoder.start(body, body.length, batch)
  for (let slice = 0; slice < SLICES_MAX; slice++) {
    const outcome = decoder.step(0, clock)
    if (outcome === 'more') continue
    if (outcome !== 'done') {
      expect(STATUS[outcome.code].http).toBeLessThan(500)
      return
    }
    checkBatch(batch)
    return
  }
  throw new Error('decoder does not end')
}

function checkBatch(batch: MetricBatch): void {
  expect(batch.sampleFrom[batch.rowCount]).toBe(batch.sampleCount)
  for (let row = 0; row < batch.rowCount; row++) {
    expect(batch.aliasEnd[row]).toBeLessThanOrEqual(batch.bytes.length)
    const labels = batch.labelsOf(row)
    if (labels.ok) expect(labels.labels.length).toBeGreaterThan(0)
    else expect(labels.message).not.toBe('')
  }
  for (const { row } of batch.exemplars) expect(row).toBeLessThan(batch.rowCount)
}

const OTLP_JSON = new TextEncoder().encode(
  JSON.stringify({
    resourceMetrics: [
      {
        resource: {
          attributes: [
            { key: 'service.name', value: { stringValue: 'cart' } },
            { key: 'host', value: { stringValue: 'h' } },
          ],
        },
        scopeMetrics: [
          {
            scope: { name: 's', version: '1' },
            metrics: [
              {
                name: 'g',
                unit: 's',
                gauge: {
                  dataPoints: [
                    {
                      timeUnixNano: '1700000000000000000',
                      asDouble: 1.5,
                      attributes: [
                        { key: 'l', value: { arrayValue: { values: [{ intValue: '1' }, { boolValue: true }] } } },
                      ],
                    },
                  ],
                },
              },
              {
                name: 'c',
                sum: {
                  aggregationTemporality: 1,
                  isMonotonic: true,
                  dataPoints: [
                    {
                      timeUnixNano: '1700000000000000000',
                      asInt: '3',
                      exemplars: [{ asInt: '1', traceId: '0102030405060708090a0b0c0d0e0f10' }],
                    },
                  ],
                },
              },
              {
                name: 'h',
                histogram: {
                  aggregationTemporality: 2,
                  dataPoints: [
                    { timeUnixNano: '1', count: '3', sum: 2, bucketCounts: ['1', '2'], explicitBounds: [1] },
                  ],
                },
              },
              { name: 'q', summary: { dataPoints: [{ count: '1', quantileValues: [{ quantile: 0.5, value: 1 }] }] } },
              { name: 'e', exponentialHistogram: { dataPoints: [{}] } },
            ],
          },
        ],
      },
    ],
  }),
)

function otlpProtobuf(): Uint8Array {
  const transcoder = new OtlpJsonTranscoder(METRICS_REQUEST)
  transcoder.start(OTLP_JSON, OTLP_JSON.length)
  expect(transcoder.step(Number.POSITIVE_INFINITY, clock)).toBe('done')
  return transcoder.writer.finish()
}

const REMOTE_WRITE = encodeRemoteWrite(
  [
    {
      labels: ['__name__', 'up', 'job', 'api'],
      times: [1.7e12, 1.7e12 + 1],
      values: Float64Array.of(1, 2),
      exemplars: [{ labels: ['trace_id', 'x'], value: 1, timeMs: 2 }],
    },
    { labels: ['__name__', 'down'], times: [0], values: Float64Array.of(Number.NaN) },
  ],
  [{ metric: 'up', type: 'gauge', unit: '', help: 'é' }],
)
const BATCH = new TextEncoder().encode(
  '{"metrics":[{"timestamp":1700000000,"service_name":"s","metric_name":"m","value":1.5,"tags":{"a":"b","c":1}}]}',
)

/** A text that names every part of its grammar. */
const EXPOSITION = Buffer.from(
  [
    '# HELP a_seconds Help \\\\ \\n.\n# TYPE a_seconds histogram\n# UNIT a_seconds seconds',
    'a_seconds_bucket{b="c\\"",le="0.5"} 1 1700000000.5 # {trace_id="t"} 0.25 1.5\na_seconds_bucket{b="c\\"",le="+Inf"} 2 1700000000.5',
    'a_seconds_count{b="c\\""} 2 1700000000.5\na_seconds_sum{b="c\\""} 1e-3 1700000000.5',
    '# TYPE "größe" gauge\n{"größe","x.y"="z"} NaN\n# EOF\n',
  ].join('\n'),
)
const LOOSE_EXPOSITION = Buffer.from('# HELP a b\n# TYPE a counter\n\na { b = "c" , } +Inf 1700000000123\n a 1\t2\r\n')
const INFLUX = Buffer.from('# x\nm\\ x,a=b,c\\,d=e f=1,g=2i,h=3u,i=t,j="k\n\\"" 1700000000123456789\nm v=-1.5e3 -1\r\n')
const STATSD = Buffer.from(
  'a.b,c=d:1|c|@0.1\ne[f=g]h:1:2:3|ms|#i:j,k|c:l|T1700000000\nm:-4|g:5|g\nn:o|s\n_e{1,1}:a|b\n',
)

const MetricFamily = loadSync(new URL('../proto/metrics.proto', import.meta.url).pathname).lookupType(
  'io.prometheus.client.MetricFamily',
)
const label = [{ name: 'job', value: 'shop' }]
const exemplar = { label, value: 0.5, timestamp: { seconds: 1_700_000_000, nanos: 5e8 } }
const FAMILIES = Buffer.concat(
  [
    {
      name: 'g',
      help: 'Text.',
      type: 1,
      unit: 's',
      metric: [{ label, gauge: { value: 1.5 }, timestampMs: 1_700_000_000_000 }],
    },
    { name: 'c', metric: [{ label, counter: { value: 2, exemplar, createdTimestamp: { seconds: 1_600_000_000 } } }] },
    {
      name: 's',
      type: 2,
      metric: [{ summary: { sampleCount: 2, sampleSum: 3, quantile: [{ quantile: 0.5, value: 1 }] } }],
    },
    {
      name: 'h',
      type: 4,
      metric: [
        {
          histogram: {
            ...{ sampleCount: 6, sampleSum: 9, schema: 2, zeroThreshold: 0.01, zeroCount: 1 },
            bucket: [{ upperBound: 1, cumulativeCount: 4, exemplar }],
            ...{ positiveSpan: [{ offset: -2, length: 2 }], positiveDelta: [2, -1] },
            ...{ negativeSpan: [{ offset: 3, length: 1 }], negativeDelta: [2], exemplars: [exemplar] },
          },
        },
      ],
    },
    {
      name: 'f',
      type: 5,
      metric: [{ histogram: { sampleCountFloat: 1.5, positiveSpan: [{ length: 1 }], positiveCount: [1.5] } }],
    },
  ].map((family) => MetricFamily.encodeDelimited(MetricFamily.fromObject(family)).finish()),
)

/** A decoder of lines: its times by default are 0. */
function lines(decoder: TextDecoder | InfluxDecoder): Sliced {
  return {
    start: (body, length, batch) =>
      decoder instanceof TextDecoder
        ? decoder.start(body, length, batch, 0)
        : decoder.start(body, length, batch, 'us', 0),
    step: (deadlineMs, clock) => decoder.step(deadlineMs, clock),
  }
}

const scrape = lines(new TextDecoder({ grammar: 'openmetrics', mode: 'scrape' }))
const openMetrics = lines(new TextDecoder({ grammar: 'openmetrics', mode: 'import' }))
const looseScrape = lines(new TextDecoder({ grammar: 'prometheus', mode: 'scrape' }))
const prometheusText = lines(new TextDecoder({ grammar: 'prometheus', mode: 'import' }))
const influx = lines(new InfluxDecoder())
const familyDecoder = new MetricFamilyDecoder({ histograms: 'both' })
const families: Sliced = {
  start: (body, length, batch) => familyDecoder.start(body, length, batch, 0),
  step: (deadlineMs, clock) => familyDecoder.step(deadlineMs, clock),
}
const mapper = StatsdMapper.parse(
  'mappings: [{match: "a.*", name: "x_$1", labels: {y: "$1"}, observer_type: histogram}]',
)

function runStatsd(body: Uint8Array): void {
  if (!mapper.ok) throw new Error(mapper.error.message)
  const aggregator = new StatsdAggregator({ mapper: mapper.value, seriesMax: 8 })
  const sink = { event: (event: StatsdEvent) => aggregator.add(event, 1), problem: () => {} }
  for (const line of Buffer.from(body).toString().split('\n')) readStatsdLine(line, sink)
  for (const { series } of aggregator.flush(2, 100)) {
    for (const { labels, values } of series) expect([labels.length > 0, values.length]).toEqual([true, 1])
  }
}

/** Rows or a fault; and a replay with the verdict finds the same rows. */
function runRecords(form: RecordForm, decoder: RecordDecoder, body: Uint8Array): void {
  const outcome = runForm(form, decoder, body)
  if ('code' in outcome) {
    expect(STATUS[outcome.code].http).toBeLessThan(500)
    return
  }
  const { columns, refused, verdict } = outcome
  expect(columns.count + refused.reduce((sum, { count }) => sum + count, 0)).toBe(verdict.count)
  const rows = rowsOfForm(outcome)
  const bits = verdict.bits()
  const again = runForm(form, decoder, body, bits)
  expect('code' in again ? again : rowsOfForm(again)).toEqual(rows)
}

const jaegerThrift = RECORD_FORMS.find(({ name }) => name === 'Jaeger Thrift') as RecordForm
const thriftDecoder = jaegerThrift.newDecoder()
const agent = new JaegerAgentReader()

function runAgentCall(datagram: Uint8Array): void {
  const batch = agent.batchOf(datagram)
  if (batch.ok) runRecords(jaegerThrift, thriftDecoder, batch.value)
  else expect(STATUS[batch.error.code].http).toBe(400)
}

const lokiJson = RECORD_FORMS.find(({ name }) => name === 'Loki push JSON') as RecordForm
const lokiDecoder = lokiJson.newDecoder()

/** What doors rewrite as a push is one. */
function runPush(push: Uint8Array): void {
  expect(runForm(lokiJson, lokiDecoder, push)).not.toHaveProperty('code')
}

const jsonLines = new JsonLinesTranscoder()
const jsonArrays = new JsonArrayTranscoder()

function runJsonLines(body: Uint8Array): void {
  jsonLines.start(body, body.length, (line) => readJsonLine(line, JSON_LINE_MAPPING))
  let outcome = jsonLines.step(0, clock)
  while (outcome === 'more') outcome = jsonLines.step(0, clock)
  expect(outcome).toBe('done')
  for (const push of jsonLines.pushes) runPush(push)
}

function runJsonArray(body: Uint8Array, read: ReadRow): void {
  jsonArrays.start(body, body.length, read)
  let outcome = jsonArrays.step(0, clock)
  while (outcome === 'more') outcome = jsonArrays.step(0, clock)
  if (outcome !== 'done') expect(STATUS[outcome.code].http).toBeLessThan(500)
  for (const push of jsonArrays.pushes) runPush(push)
}

/** Every decoder of bytes from outside, with one good body each to start from. */
const FUZZED: readonly {
  readonly name: string
  readonly seed: Uint8Array
  readonly run: (body: Uint8Array) => void
}[] = [
  { name: 'remote write', seed: REMOTE_WRITE, run: (body) => drive(remoteWrite, body) },
  { name: 'OTLP protobuf', seed: otlpProtobuf(), run: (body) => drive(otlp, body) },
  { name: 'OTLP JSON', seed: OTLP_JSON, run: (body) => drive(otlpJson, body) },
  {
    name: 'JSON batch',
    seed: BATCH,
    run: (body) => {
      isJsonBatch(body, body.length)
      const batch = new MetricBatch()
      if (jsonBatch.decode(body, body.length, batch, 0).kind === 'ok') checkBatch(batch)
    },
  },
  {
    name: 'snappy',
    seed: snappyCompress(REMOTE_WRITE),
    run: (body) => {
      const out = new ReusableBuffer()
      const result = snappyDecompress(body, 0, body.length, out, 1 << 20)
      expect(result.ok || result.error.message !== '').toBe(true)
    },
  },
  { name: 'OpenMetrics scrape', seed: EXPOSITION, run: (body) => drive(scrape, body) },
  { name: 'OpenMetrics import', seed: EXPOSITION, run: (body) => drive(openMetrics, body) },
  { name: 'Prometheus text scrape', seed: LOOSE_EXPOSITION, run: (body) => drive(looseScrape, body) },
  { name: 'Prometheus text import', seed: LOOSE_EXPOSITION, run: (body) => drive(prometheusText, body) },
  { name: 'protobuf exposition', seed: FAMILIES, run: (body) => drive(families, body) },
  { name: 'InfluxDB lines', seed: INFLUX, run: (body) => drive(influx, body) },
  { name: 'StatsD lines', seed: STATSD, run: runStatsd },
  ...RECORD_FORMS.map((form) => {
    const decoder = form.newDecoder()
    return { name: form.name, seed: form.seed, run: (body: Uint8Array) => runRecords(form, decoder, body) }
  }),
  {
    name: 'lines of JSON',
    seed: Buffer.from('{"_msg":"a","_time":"1700000000","b":{"c":[1]}}\r\n{"level":"warn"}\n'),
    run: runJsonLines,
  },
  {
    name: "Jaeger's questions",
    seed: Buffer.from('0a260a0473686f70120347455422060880e2cfaa062a060890e2cfaa063a0508011080024014', 'hex'),
    run: (body) => {
      const found = readJaegerRequest('find', body)
      if (!found.ok) expect(STATUS[found.error.code].http).toBeLessThan(500)
    },
  },
  ...['opentelemetry-jaeger-agent-1.21.0.bin', 'jaeger-client-3.19.0.bin'].map((name) => ({
    name: `${name}, a call of Jaeger's agent`,
    seed: readFileSync(new URL(`./jaeger/vectors/${name}`, import.meta.url)),
    run: runAgentCall,
  })),
  {
    name: "Tempo's questions",
    seed: Buffer.from('0a060a016112016210051805200528053005420548b0024805', 'hex'),
    run: (body) => {
      const found = readTempoRequest('search', body)
      if (!found.ok) expect(STATUS[found.error.code].http).toBeLessThan(500)
    },
  },
  {
    name: 'arrays of JSON',
    seed: Buffer.from('[{"_msg":"a","time":"1700000000","b":{"c":[1]}}, {"level":"warn"}]'),
    run: (body) => runJsonArray(body, (text) => readJsonLine(text, JSON_LINE_MAPPING)),
  },
  {
    name: 'execution logs',
    seed: Buffer.from(
      '[{"Entreprise":"a","No_Sequence":"b","Objet_Id":1,"Source":"c","Etat":"FAILED","Debut":"05-09-2025 16:45:03.1","cpu_time (sec)":"1,5"}]',
    ),
    run: (body) => runJsonArray(body, readExecutionRow),
  },
  {
    name: 'events',
    seed: Buffer.from('[{"kind":"deploy","service":"s","version":"1","time":1700000000,"attributes":{"a":1}}]'),
    run: (body) => {
      const found = readChangeEvents(body, body.length)
      if (!found.ok) expect(STATUS[found.error.code].http).toBeLessThan(500)
      else if (found.value.push !== undefined) runPush(found.value.push)
    },
  },
]

/** Flips, overwrites, cuts, doubles and joins pieces of a good body; now and then only noise. */
function mutate(seed: Uint8Array, random: () => number): Uint8Array {
  const pick = (n: number) => Math.floor(random() * n)
  if (random() < 0.05) return Uint8Array.from({ length: pick(64) }, () => pick(256))
  let bytes = seed.slice()
  for (let change = pick(4); change >= 0 && bytes.length > 0; change--) {
    const at = pick(bytes.length)
    const kind = pick(6)
    if (kind === 0) bytes[at] = (bytes[at] as number) ^ (1 << pick(8))
    else if (kind === 1) bytes[at] = pick(256)
    else if (kind === 2) bytes[at] = [0, 0x7f, 0x80, 0xff, 0x0a, 0x22, 0x5d, 0x7d][pick(8)] as number
    else if (kind === 3) bytes = bytes.slice(0, at)
    else if (kind === 4) bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(pick(at + 1))])
    else
      bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(Math.min(bytes.length, at + 1 + pick(8)))])
  }
  return bytes
}

describe('fuzz', () => {
  test.each(FUZZED)('$name: any bytes end in rows or a fault', { timeout: 1_800_000 }, ({ seed, run }) => {
    run(seed)
    const randomSeed = testSeed()
    const random = seededRandom(randomSeed)
    for (let i = 0; i < RUNS / FUZZED.length; i++) {
      const body = mutate(seed, random)
      try {
        run(body)
      } catch (error) {
        throw new Error(`SEED=${randomSeed}, run ${i}: ${Buffer.from(body).toString('hex')}`, { cause: error })
      }
    }
  })
})
