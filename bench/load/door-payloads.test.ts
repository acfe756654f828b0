import { InfluxDecoder } from '@vantage/decode/influx'
import { JsonBatchDecoder } from '@vantage/decode/json-batch'
import { OtlpInterner, OtlpMetricsDecoder } from '@vantage/decode/otlp'
import { TelemetryDecoder } from '@vantage/decode/stream'
import { TextDecoder } from '@vantage/decode/text'
import { type Clock, type Fault, MetricBatch } from '@vantage/model'
import { expect, test } from 'vitest'
import { expositionText, influxLines, jsonBatch, otlpRequest, statsdLines, telemetryBatch } from './door-payloads.ts'

const AT_MS = 1_763_000_000_123
const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0 }

interface Sliced {
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault
}

function finished(decoder: Sliced): unknown {
  return decoder.step(Number.POSITIVE_INFINITY, clock)
}

const DOORS: readonly (readonly [string, Buffer, (body: Buffer, batch: MetricBatch) => unknown])[] = [
  [
    'OTLP',
    otlpRequest(3).at(AT_MS),
    (body, batch) => {
      const decoder = new OtlpMetricsDecoder(new OtlpInterner(1))
      decoder.start(body, body.length, batch)
      return finished(decoder)
    },
  ],
  [
    'stream',
    telemetryBatch(3, 'c').at(AT_MS),
    (body, batch) => {
      const decoder = new TelemetryDecoder()
      decoder.start(body, body.length, batch, 0)
      return finished(decoder)
    },
  ],
  [
    'JSON',
    jsonBatch(3).at(AT_MS),
    (body, batch) => (new JsonBatchDecoder().decode(body, body.length, batch, 0).kind === 'ok' ? 'done' : 'bad'),
  ],
  [
    'InfluxDB',
    influxLines(3).at(AT_MS),
    (body, batch) => {
      const decoder = new InfluxDecoder()
      decoder.start(body, body.length, batch, 'ns', 0)
      return finished(decoder)
    },
  ],
  [
    'text',
    expositionText(3).at(AT_MS),
    (body, batch) => {
      const decoder = new TextDecoder({ grammar: 'prometheus', mode: 'import' })
      decoder.start(body, body.length, batch, 0)
      return finished(decoder)
    },
  ],
]

test.each(DOORS)(
  '%s: every item has the time of its send, a value of its own and a series of its own',
  (_name, body, decode) => {
    const batch = new MetricBatch()
    expect(decode(body, batch)).toBe('done')
    expect(batch.refused).toEqual([])
    // OTLP adds the resource's own row.
    const rows = Array.from({ length: batch.rowCount }, (_, row) => row).filter((row) => batch.values[row] !== 1)
    expect(rows.length % 100).toBe(0)
    for (const row of rows) expect(batch.times[row]).toBe(AT_MS)
    expect(new Set(rows.map((row) => batch.values[row])).size).toBeGreaterThan(rows.length * 0.99)
    const series = rows.map((row) => {
      const labels = batch.labelsOf(row)
      return labels.ok ? labels.labels.join() : labels.reason
    })
    expect(new Set(series).size).toBe(rows.length)
  },
)

test('StatsD: whole lines', () => {
  const lines = statsdLines(1).at(AT_MS).toString().trimEnd().split('\n')
  expect(lines).toHaveLength(1_000)
  expect(lines[7]).toMatch(/^http\.7:\d{7}\|c\|#host:checkout-1,route:7$/)
})
