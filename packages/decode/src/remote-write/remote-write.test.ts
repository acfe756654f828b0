import { readdirSync, readFileSync } from 'node:fs'
import { ReusableBuffer, snappyDecompress } from '@vantage/bytes'
import {
  type Clock,
  type Fault,
  formatLabels,
  isStaleAt,
  type Labels,
  labelsFromRecord,
  MetricBatch,
  writeStale,
} from '@vantage/model'
import fc from 'fast-check'
import { loadSync } from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { RemoteWriteDecoder } from './decode.ts'
import { encodeRemoteWrite } from './encode.ts'

const root = loadSync(new URL('../../proto/remote-write.proto', import.meta.url).pathname)
const WriteRequest = root.lookupType('prometheus.WriteRequest')
const encode = (message: object) => new Uint8Array(WriteRequest.encode(WriteRequest.fromObject(message)).finish())

/** A clock whose every reading is later: each look ends the slice. */
function tiredClock(): Clock {
  let now = 0
  return { nowMs: () => 0, monotonicMs: () => ++now }
}

function decode(body: Uint8Array, deadlineMs = Number.POSITIVE_INFINITY): MetricBatch | Fault {
  const batch = new MetricBatch()
  const decoder = new RemoteWriteDecoder()
  const clock = tiredClock()
  decoder.start(body, body.length, batch)
  for (let slices = 0; slices < 1_000_000; slices++) {
    const outcome = decoder.step(deadlineMs, clock)
    if (outcome === 'done') return batch
    if (outcome !== 'more') return outcome
  }
  throw new Error('decoder does not end')
}

interface Row {
  readonly labels: Labels | string
  readonly samples: readonly (readonly [number, number])[]
}

function rowsOf(batch: MetricBatch | Fault): readonly Row[] {
  if (!(batch instanceof MetricBatch)) throw new Error(batch.message)
  const rows: Row[] = []
  for (let row = 0; row < batch.rowCount; row++) {
    const labels = batch.labelsOf(row)
    const samples: [number, number][] = []
    for (let i = batch.sampleFrom[row] as number; i < (batch.sampleFrom[row + 1] as number); i++) {
      samples.push([batch.times[i] as number, batch.values[i] as number])
    }
    rows.push({ labels: labels.ok ? labels.labels : labels.reason, samples })
  }
  return rows
}

/** What the referee reads from the same bytes. */
function refereeRows(body: Uint8Array): readonly Row[] {
  interface Wire {
    readonly timeseries: readonly {
      readonly labels: readonly { readonly name: string; readonly value: string }[]
      readonly samples: readonly { readonly value: number; readonly timestamp: number }[]
    }[]
  }
  const wire = WriteRequest.toObject(WriteRequest.decode(body), { longs: Number, defaults: true }) as unknown as Wire
  return wire.timeseries
    .filter((series) => series.samples.length > 0)
    .map((series) => ({
      labels: labelsFromRecord(Object.fromEntries(series.labels.map(({ name, value }) => [name, value]))),
      samples: series.samples.map(({ value, timestamp }) => [timestamp, value] as const),
    }))
}

const wireSeries = fc.record({
  labels: fc
    .uniqueArray(
      fc.tuple(fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }), fc.string({ maxLength: 200 })),
      { selector: ([name]) => name, maxLength: 8 },
    )
    .map((pairs) => [
      { name: '__name__', value: 'up' },
      ...pairs.filter(([name]) => name !== '__name__').map(([name, value]) => ({ name, value })),
    ]),
  samples: fc.array(
    fc.record({
      value: fc.double({ noNaN: true }),
      timestamp: fc.oneof(fc.integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 }), fc.maxSafeInteger()),
    }),
    { maxLength: 5 },
  ),
})

describe('RemoteWriteDecoder', () => {
  test('reads what the referee wrote, in one slice and in many', () => {
    fc.assert(
      fc.property(fc.array(wireSeries, { maxLength: 20 }), (timeseries) => {
        const body = encode({ timeseries })
        const want = refereeRows(body)
        expect(rowsOf(decode(body))).toEqual(want)
        expect(rowsOf(decode(body, 0))).toEqual(want)
      }),
      { numRuns: 300 },
    )
  })

  test('many series are read in slices with the same result', () => {
    const timeseries = Array.from({ length: 2000 }, (_, i) => ({
      labels: [{ name: '__name__', value: `m${i}` }],
      samples: Array.from({ length: (i % 7) + (i === 999 ? 9000 : 0) }, (_, n) => ({
        value: n,
        timestamp: 1_700_000_000_000 + n,
      })),
    }))
    const body = encode({ timeseries })
    expect(rowsOf(decode(body, 0))).toEqual(refereeRows(body))
  })

  test('NaN payloads, stale markers, infinities and minus zero keep every bit', () => {
    const values = new Float64Array([0, 0, Number.NaN, -0, Number.POSITIVE_INFINITY, 5e-324])
    const halves = new Uint32Array(values.buffer)
    writeStale(halves, 0)
    halves.set([1, 0xfff80000], 2)
    const body = encodeRemoteWrite([{ labels: ['__name__', 'up'], times: [1, 2, 3, 4, 5, 6], values }])
    const batch = decode(body) as MetricBatch
    expect([...batch.halves.subarray(0, 12)]).toEqual([...halves])
    expect(isStaleAt(batch.halves, 0)).toBe(true)
  })

  test('our encoder writes what the referee reads', () => {
    const body = encodeRemoteWrite(
      [
        {
          labels: ['__name__', 'up', 'é', 'ü'.repeat(200)],
          times: [-1, 2 ** 42],
          values: Float64Array.of(1.5, -2),
          exemplars: [{ labels: ['trace_id', 'abc'], value: 7, timeMs: 9 }],
        },
      ],
      [{ metric: 'up', type: 'gauge', unit: 's', help: 'Is it up?' }],
    )
    expect(WriteRequest.toObject(WriteRequest.decode(body), { longs: Number, enums: String })).toEqual({
      timeseries: [
        {
          labels: [
            { name: '__name__', value: 'up' },
            { name: 'é', value: 'ü'.repeat(200) },
          ],
          samples: [
            { value: 1.5, timestamp: -1 },
            { value: -2, timestamp: 2 ** 42 },
          ],
          exemplars: [{ labels: [{ name: 'trace_id', value: 'abc' }], value: 7, timestamp: 9 }],
        },
      ],
      metadata: [{ type: 'GAUGE', metricFamilyName: 'up', unit: 's', help: 'Is it up?' }],
    })
    const batch = decode(body) as MetricBatch
    expect(batch.metadata).toEqual([{ metric: 'up', type: 'gauge', unit: 's', help: 'Is it up?' }])
    expect(batch.exemplars).toEqual([{ row: 0, exemplar: { labels: ['trace_id', 'abc'], value: 7, timeMs: 9 } }])
  })

  const label = (name: string, value: string) => ({ name, value })
  const up = label('__name__', 'up')
  const outcomes: readonly (readonly [string, readonly object[], string])[] = [
    ['sorted and empty values dropped', [label('z', '1'), up, label('a', ''), label('b', '2')], 'up{b="2", z="1"}'],
    ['no name', [label('a', 'b')], 'missing_name'],
    ['empty name value', [label('__name__', ''), label('a', 'b')], 'missing_name'],
    ['no labels', [], 'missing_name'],
    ['twice', [up, label('a', '1'), label('a', '2')], 'duplicate_label'],
    ['empty label name', [up, label('', 'x')], 'empty_label_name'],
    ['40 labels', [up, ...Array.from({ length: 40 }, (_, i) => label(`l${i}`, 'x'))], 'ok'],
    ['41 labels', [up, ...Array.from({ length: 41 }, (_, i) => label(`l${i}`, 'x'))], 'too_many_labels'],
    ['name of 1024 bytes', [up, label('n'.repeat(1024), 'x')], 'ok'],
    ['name of 1025 bytes', [up, label('n'.repeat(1025), 'x')], 'label_name_too_long'],
    ['name of 1026 bytes in 513 characters', [up, label('é'.repeat(513), 'x')], 'label_name_too_long'],
    ['value of 2048 bytes', [up, label('n', 'v'.repeat(2048))], 'ok'],
    ['value of 2049 bytes', [up, label('n', 'v'.repeat(2049))], 'label_value_too_long'],
  ]
  test.each(outcomes)('labels: %s', (_, labels, want) => {
    const [row] = rowsOf(decode(encode({ timeseries: [{ labels, samples: [{ value: 1, timestamp: 1 }] }] })))
    if (want === 'ok') expect(row?.labels).toBeInstanceOf(Array)
    else expect(typeof row?.labels === 'string' ? row.labels : formatLabels(row?.labels as Labels)).toBe(want)
  })

  test('labels that are not UTF-8', () => {
    const body = encode({ timeseries: [{ labels: [up, label('a', 'XX')], samples: [{ value: 1, timestamp: 1 }] }] })
    body[body.lastIndexOf(0x58)] = 0xff
    expect(rowsOf(decode(body))[0]?.labels).toBe('invalid_utf8')
  })

  test('label fields between samples are joined; the alias is the same as in order', () => {
    const sample = [0x12, 0x0b, 0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x10, 0x05]
    const name = [0x0a, 0x0e, 0x0a, 0x08, ...new TextEncoder().encode('__name__'), 0x12, 0x02, 0x75, 0x70]
    const other = [0x0a, 0x06, 0x0a, 0x01, 0x61, 0x12, 0x01, 0x62]
    const body = (...fields: number[][]) => Uint8Array.from([0x0a, fields.flat().length, ...fields.flat()])
    const apart = Uint8Array.from([
      ...body(name, sample, other),
      ...body(name, other, sample),
      ...body(sample, name, other),
    ])
    const batch = decode(apart) as MetricBatch
    expect(rowsOf(batch)).toEqual(Array(3).fill({ labels: ['__name__', 'up', 'a', 'b'], samples: [[5, 1]] }))
    const aliases = [0, 1, 2].map((row) => [...batch.bytes.subarray(batch.aliasStart[row], batch.aliasEnd[row])])
    expect(aliases).toEqual(Array(3).fill([...name, ...other]))
  })

  test('native histograms that contradict themselves are refused by name and the rest is stored', () => {
    const body = encode({
      timeseries: [
        { labels: [label('__name__', 'latency')], histograms: [{ countInt: 3, sum: 2, timestamp: 5 }, { schema: 9 }] },
        { labels: [up], samples: [{ value: 1, timestamp: 1 }] },
      ],
    })
    const batch = decode(body) as MetricBatch
    expect(batch.refused).toMatchObject([{ reason: 'histogram_invalid', count: 2 }])
    expect(batch.refused[0]?.message).toContain('latency')
    expect(batch.rowCount).toBe(1)
  })

  test('a bad exemplar is dropped with a warning', () => {
    const exemplars = [{ labels: [label('x', 'y'.repeat(2000))], value: 1, timestamp: 1 }]
    const batch = decode(
      encode({ timeseries: [{ labels: [up], samples: [{ value: 1, timestamp: 1 }], exemplars }] }),
    ) as MetricBatch
    expect(batch.exemplars).toEqual([])
    expect(batch.warnings).toHaveLength(1)
    expect(batch.rowCount).toBe(1)
  })

  test('too many samples in few bytes are refused before the memory is spent', () => {
    const content = new Uint8Array(2 * 2_100_000)
    for (let i = 0; i < content.length; i += 2) content[i] = 0x12
    const head = [0x0a, 0xc0, 0xac, 0x80, 0x02]
    expect(content.length).toBe(0x400000 + 5696)
    const body = new Uint8Array(head.length + content.length)
    body.set(head)
    body.set(content, head.length)
    expect(decode(body)).toMatchObject({ code: 'too_large' })
  })

  test('cut at every byte: an error or a shorter whole, never a throw', () => {
    const whole = encode({
      timeseries: [
        {
          labels: [up, label('a', 'b')],
          samples: [{ value: 1, timestamp: 1e12 }],
          exemplars: [{ labels: [up], value: 1 }],
          histograms: [{ sum: 1 }],
        },
      ],
      metadata: [{ type: 1, metricFamilyName: 'up', help: 'x' }],
    })
    for (let length = 0; length < whole.length; length++) {
      const outcome = decode(whole.subarray(0, length))
      const first = whole[1] as number
      if (length !== 0 && length !== first + 2) expect(outcome).toMatchObject({ code: 'bad_request' })
    }
  })

  const malformed: readonly (readonly [string, readonly number[]])[] = [
    ['a series that is longer than the body', [0x0a, 0x05, 0x00]],
    ['a label that leaves its series', [0x0a, 0x02, 0x0a, 0x05]],
    ['a sample that leaves its series', [0x0a, 0x02, 0x12, 0x05]],
    ['a sample with a cut value', [0x0a, 0x04, 0x12, 0x02, 0x09, 0x01]],
    ['field number 0', [0x02, 0x00]],
    ['a group', [0x0b]],
    ['an endless varint', Array(20).fill(0xff)],
    ['a huge length', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
  ]
  test.each(malformed)('refuses %s', (_, bytes) => {
    expect(decode(Uint8Array.from(bytes))).toMatchObject({ code: 'bad_request' })
  })

  test('unknown fields are skipped at every level', () => {
    const unknown = [
      0xf8, 0x07, 0x05, 0xf9, 0x07, 1, 2, 3, 4, 5, 6, 7, 8, 0xfa, 0x07, 0x01, 0x41, 0xfd, 0x07, 1, 2, 3, 4,
    ]
    const sample = [0x12, 11 + unknown.length, ...unknown, 0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x10, 0x05]
    const name = [
      0x0a,
      14 + unknown.length,
      ...unknown,
      0x0a,
      0x08,
      ...new TextEncoder().encode('__name__'),
      0x12,
      0x02,
      0x75,
      0x70,
    ]
    const series = [...name, ...unknown, ...sample]
    const body = Uint8Array.from([...unknown, 0x0a, series.length, ...series, ...unknown])
    expect(rowsOf(decode(body))).toEqual([{ labels: ['__name__', 'up'], samples: [[5, 1]] }])
  })

  // Bodies as a real sender wrote them; see vectors/README.md.
  const vectors = new URL('./vectors/', import.meta.url).pathname
  const names = readdirSync(vectors).filter((name) => name.endsWith('.bin'))
  test.each(names)('vector %s', (name) => {
    const block = new Uint8Array(readFileSync(vectors + name))
    const out = new ReusableBuffer()
    const length = snappyDecompress(block, 0, block.length, out, 1 << 25)
    if (!length.ok) throw new Error(length.error.message)
    const body = out.bytes.slice(0, length.value)
    const rows = rowsOf(decode(body))
    expect(JSON.stringify(rows)).toBe(JSON.stringify(refereeRows(body)))
    const metadata = (decode(body) as MetricBatch).metadata
    expect(rows.length + metadata.length).toBeGreaterThan(0)
  })
})
