import type { LogBatch, SpanBatch } from '@vantage/model'
import { describe, expect, test } from 'vitest'
import { RECORD_LIMITS, RECORDS_MAX_PER_REQUEST } from './limits.ts'
import { RECORD_FORMS, type RecordForm, rowsOfForm, runForm } from './testing/record-forms.ts'
import {
  jaegerProtobufBody,
  jaegerThriftBody,
  type SpanBody,
  zipkinJsonBody,
  zipkinProtobufBody,
} from './testing/span-bodies.ts'

/** Every limit at n and n + 1, for every form of logs and spans. */

const text = new TextEncoder()
const KEYS = ['k1', 'k2', 'k3', 'k4']

interface Writer {
  one(attributes: [string, string][]): Uint8Array
  many(count: number): Uint8Array
}

const json = (value: unknown) => text.encode(JSON.stringify(value))

/** A record with some attributes; a body of many records. */
const WRITERS: Readonly<Record<string, Writer>> = {
  'OTLP logs JSON': {
    one: (all) => json({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes: otlp(all) }] }] }] }),
    many: (count) =>
      text.encode(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[${Array(count).fill('{}').join()}]}]}]}`),
  },
  'OTLP traces JSON': {
    one: (all) => json({ resourceSpans: [{ scopeSpans: [{ spans: [{ ...ids(), attributes: otlp(all) }] }] }] }),
    many: (count) =>
      text.encode(
        `{"resourceSpans":[{"scopeSpans":[{"spans":[${Array(count).fill(JSON.stringify(ids())).join()}]}]}]}`,
      ),
  },
  'Loki push JSON': {
    one: (all) => json({ streams: [{ stream: { a: 'b' }, values: [['1', 'line', Object.fromEntries(all)]] }] }),
    many: (count) =>
      text.encode(`{"streams":[{"stream":{"a":"b"},"values":[${Array(count).fill('["1","x"]').join()}]}]}`),
  },
  'Zipkin JSON': spanWriter(zipkinJsonBody),
  'Zipkin protobuf': spanWriter(zipkinProtobufBody),
  'Jaeger Thrift': spanWriter(jaegerThriftBody),
  'Jaeger protobuf': spanWriter(jaegerProtobufBody),
}

function spanWriter(bodyOf: SpanBody): Writer {
  const span = { ...ids(), name: 'GET /', startUs: 1_700_000_000_000_000, durationUs: 5, tags: [] }
  return {
    one: (tags) => bodyOf('cart', [{ ...span, tags }]),
    many: (count) => bodyOf('cart', Array(count).fill(span)),
  }
}

function ids() {
  return { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
}

function otlp(all: [string, string][]) {
  return all.map(([key, value]) => ({ key, value: { stringValue: value } }))
}

const forms = RECORD_FORMS.filter(({ name }) => name in WRITERS)
describe.each(forms.map((form): [string, RecordForm] => [form.name, form]))('%s', (name, form) => {
  const { one, many } = WRITERS[name] as (typeof WRITERS)[string]
  const run = (body: Uint8Array, limits = RECORD_LIMITS) =>
    runForm(form, form.newDecoder(limits), body) as LogBatch | SpanBatch

  test('attributes of a record', () => {
    const limits = { ...RECORD_LIMITS, maxAttributes: 3 }
    const of = (count: number) => run(one(KEYS.slice(0, count).map((key) => [key, 'v'])), limits)
    expect([of(3).columns.count, of(3).refused]).toEqual([1, []])
    expect([of(4).columns.count, of(4).refused]).toMatchObject([0, [{ reason: 'too_many_attributes', count: 1 }]])
    expect(of(4).verdict.bits()).toEqual(Uint8Array.of(1))
  })

  test('bytes of a value', () => {
    const limits = { ...RECORD_LIMITS, maxAttributeBytes: 64 }
    const valueBytes = (length: number) => JSON.stringify(rowsOfForm(run(one([['k', 'x'.repeat(length)]]), limits)))
    const xs = (length: number) => Buffer.from('x'.repeat(length)).toString('hex')
    expect(valueBytes(64)).toContain(xs(64))
    expect(run(one([['k', 'x'.repeat(64)]]), limits).warnings).toEqual([])
    expect(valueBytes(65)).toContain(xs(64))
    expect(valueBytes(65)).not.toContain(xs(65))
  })

  test('records of a request', { timeout: 60_000 }, () => {
    const of = (count: number) => runForm(form, form.newDecoder(), many(count))
    expect((of(RECORDS_MAX_PER_REQUEST) as LogBatch).columns.count).toBe(RECORDS_MAX_PER_REQUEST)
    expect(of(RECORDS_MAX_PER_REQUEST + 1)).toMatchObject({ code: 'too_large' })
  })
})

test.each(['OTLP logs JSON', 'Loki push JSON'])('%s: bytes of a line', (name) => {
  const form = RECORD_FORMS.find((one) => one.name === name) as RecordForm
  const limits = { ...RECORD_LIMITS, maxLineBytes: 10 }
  const run = (line: string) => {
    const value = name.startsWith('OTLP')
      ? { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: line } }] }] }] }
      : { streams: [{ stream: { a: 'b' }, values: [['1', line]] }] }
    const batch = runForm(form, form.newDecoder(limits), text.encode(JSON.stringify(value))) as LogBatch
    const { bytes, from, to } = batch.columns.bodies
    return [Buffer.from(bytes.subarray(from[0], to[0])).toString(), batch.warnings]
  }
  expect(run('0123456789')).toEqual(['0123456789', []])
  // Cut on a character, not in it.
  expect(run('012345678ä')).toEqual(['012345678', ['lines longer than 10 bytes were cut']])
})

const labelSets: [string, Record<string, string>, string | undefined][] = [
  ['labels', { a: '1', b: '2' }, undefined],
  ['labels and one more', { a: '1', b: '2', c: '3' }, 'too_many_labels'],
  ['bytes of a name', { abcd: '1' }, undefined],
  ['bytes of a name and one more', { abcde: '1' }, 'label_name_too_long'],
  ['bytes of a value', { a: 'äää' }, undefined],
  ['bytes of a value and one more', { a: 'ääää' }, 'label_value_too_long'],
]
test.each(labelSets)('Loki push: %s of a stream', (_, stream, reason) => {
  const form = RECORD_FORMS.find((one) => one.name === 'Loki push JSON') as RecordForm
  const limits = { ...RECORD_LIMITS, streamLabels: { maxLabels: 2, maxLabelNameBytes: 4, maxLabelValueBytes: 6 } }
  const good = { stream: { a: 'b' }, values: [['1', 'kept']] }
  const body = text.encode(
    JSON.stringify({
      streams: [
        {
          stream,
          values: [
            ['1', 'x'],
            ['2', 'y'],
          ],
        },
        good,
      ],
    }),
  )
  const batch = runForm(form, form.newDecoder(limits), body) as LogBatch
  expect([batch.columns.count, batch.refused]).toMatchObject(
    reason === undefined ? [3, []] : [1, [{ reason, count: 2 }]],
  )
  expect(rowsOfForm(runForm(form, form.newDecoder(), body, batch.verdict.bits()) as LogBatch)).toEqual(
    rowsOfForm(batch),
  )
})

describe.each(RECORD_FORMS)('$name: cut', ({ seed, ...form }) => {
  test('at every byte: a fault, or no more rows than the whole has', () => {
    const decoder = form.newDecoder()
    const whole = (runForm({ ...form, seed }, decoder, seed) as LogBatch | SpanBatch).columns.count
    for (let length = 0; length < seed.length; length++) {
      const outcome = runForm({ ...form, seed }, decoder, seed.subarray(0, length))
      // A push without a stream is 422.
      if ('code' in outcome) expect(['bad_request', 'unprocessable']).toContain(outcome.code)
      else {
        expect(outcome.columns.count, `${length} bytes`).toBeLessThanOrEqual(whole)
        rowsOfForm(outcome)
      }
    }
  })
})
