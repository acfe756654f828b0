import { systemClock } from '@vantage/model'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LINE_BYTES_MAX, RECORDS_MAX_PER_REQUEST } from '../limits.ts'
import { JSON_LINE_MAPPING, type JsonLineMapping, readJsonLine, unixNsOf } from './fields.ts'
import { JsonArrayTranscoder, JsonLinesTranscoder } from './transcode.ts'

function run(text: string | Uint8Array, mapping: Partial<JsonLineMapping> = {}) {
  const transcoder = new JsonLinesTranscoder()
  const body = Buffer.from(text)
  transcoder.start(body, body.length, (line) => readJsonLine(line, { ...JSON_LINE_MAPPING, ...mapping }))
  let outcome = transcoder.step(0, systemClock)
  while (outcome === 'more') outcome = transcoder.step(0, systemClock)
  const streams = transcoder.pushes.flatMap((push) => JSON.parse(push.toString()).streams)
  return { outcome, streams, refused: transcoder.refused, pushes: transcoder.pushes.length }
}

const rows: [string, string, Partial<JsonLineMapping>, object][] = [
  [
    'the usual names',
    '{"_msg":"hi","_time":"2026-01-02T03:04:05.123456789Z","service":"cart","user":{"id":7,"tags":["a"]},"none":null}',
    {},
    {
      stream: { service_name: 'cart' },
      values: [['1767323045123456789', 'hi', { user_id: '7', user_tags: '["a"]' }]],
    },
  ],
  [
    'named members',
    '{"m":"","text":"hi","at":1767323045,"app":"a","pod":"p"}\r',
    { message: ['m', 'text'], time: ['at'], stream: ['pod', 'app', 'zone'] },
    { stream: { pod: 'p', app: 'a' }, values: [['1767323045000000000', 'hi', { m: '' }]] },
  ],
  [
    'no message: the line as it came',
    '{"level":"warn", "n": 1.5}',
    {},
    {
      stream: { service_name: 'unknown_service' },
      values: [['0', '{"level":"warn", "n": 1.5}', { level: 'warn', n: '1.5' }]],
    },
  ],
  [
    'integers beyond doubles, names beyond names',
    '{"msg":"x","ts":1767323045123456789,"id":9007199254740993,"":"e","__proto__":"p","a b":true}',
    {},
    {
      stream: { service_name: 'unknown_service' },
      values: [['1767323045123456789', 'x', expect.objectContaining({ id: '9007199254740993', _: 'e', a_b: 'true' })]],
    },
  ],
]
test.each(rows)('%s', (_, text, mapping, expected) => {
  expect(run(text, mapping)).toMatchObject({ outcome: 'done', streams: [expected], refused: [] })
})

test('rows of one stream stay together, empty lines are nothing', () => {
  const { streams } = run('\n{"msg":"1","app":"a"}\n\r\n{"msg":"2","app":"b"}\n{"msg":"3","app":"a"}\n\n')
  expect(streams.map(({ values }) => values.map((one: string[]) => one[1]))).toEqual([['1', '3'], ['2']])
})

const refused: [string, string | Uint8Array, string, RegExp][] = [
  ['no object', '[1]', 'invalid_value', /^line 1: want a JSON object/],
  ['no JSON', '{"a":', 'invalid_value', /^line 1: want a JSON object/],
  ['a time that is none', '{"time":"soon"}', 'invalid_value', /^line 1: time: want unix .*, got "soon"$/],
  ['no UTF-8', Buffer.from('7b2261223a22ff227d', 'hex'), 'invalid_utf8', /^line 1: want UTF-8/],
]
test.each(refused)('refused: %s', (_, text, reason, message) => {
  const found = run(Buffer.concat([Buffer.from(text), Buffer.from('\n{"msg":"good"}')]))
  expect(found.refused).toMatchObject([{ reason, count: 1, message: expect.stringMatching(message) }])
  expect(found.streams).toHaveLength(1)
})

test('a line at the limit and one byte more', () => {
  const line = (bytes: number) => `{"msg":"${'x'.repeat(bytes - 10)}"}`
  expect(run(line(LINE_BYTES_MAX)).refused).toEqual([])
  expect(run(line(LINE_BYTES_MAX + 1)).refused).toMatchObject([{ reason: 'line_too_long', count: 1 }])
})

test('nesting at the limit and one more, and far beyond', () => {
  const line = (depth: number) => `{"a":${'['.repeat(depth - 1)}"]["${']'.repeat(depth - 1)}}`
  expect(run(line(64)).refused).toEqual([])
  for (const depth of [65, 60_000]) expect(run(line(depth)).refused).toMatchObject([{ reason: 'invalid_value' }])
})

test('lines at the limit and one more', () => {
  const lines = (count: number) => '{}\n'.repeat(count)
  expect(run(lines(RECORDS_MAX_PER_REQUEST))).toMatchObject({ outcome: 'done', refused: [] })
  expect(run(lines(RECORDS_MAX_PER_REQUEST + 1)).outcome).toMatchObject({ code: 'too_large' })
})

test('many lines are several pushes', () => {
  expect(run('{"msg":"x"}\n'.repeat(4_001)).pushes).toBe(3)
})

const times: [string, bigint | undefined][] = [
  ['1767323045', 1_767_323_045_000_000_000n],
  ['1767323045.5', 1_767_323_045_500_000_000n],
  ['1767323045123', 1_767_323_045_123_000_000n],
  ['1767323045123.25', 1_767_323_045_123_250_000n],
  ['1767323045123456', 1_767_323_045_123_456_000n],
  ['1767323045123456789', 1_767_323_045_123_456_789n],
  ['2026-01-02 03:04:05,5', 1_767_323_045_500_000_000n],
  ['2026-01-02T04:04:05+01:00', 1_767_323_045_000_000_000n],
  ['9999999999999999999', undefined],
  ['', undefined],
  ['-1', undefined],
]
test.each(times)('time %s', (text, timeNs) => {
  expect(unixNsOf(text)).toBe(timeNs)
})

test('no lines break it', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.object().map((one) => JSON.stringify(one)),
        ),
      ),
      (lines) => {
        const { outcome, streams, refused: bad } = run(lines.join('\n'))
        expect(outcome).toBe('done')
        const rowCount = streams.reduce((sum: number, { values }) => sum + values.length, 0)
        const lineCount = lines
          .join('\n')
          .split('\n')
          .filter((line) => line.replace(/\r$/, '') !== '').length
        expect(rowCount + bad.reduce((sum, { count }) => sum + count, 0)).toBe(lineCount)
      },
    ),
  )
})

function runArray(text: string | Uint8Array) {
  const transcoder = new JsonArrayTranscoder()
  const body = Buffer.from(text)
  transcoder.start(body, body.length, (line) => readJsonLine(line, { ...JSON_LINE_MAPPING, streamName: 'web' }))
  let outcome = transcoder.step(0, systemClock)
  while (outcome === 'more') outcome = transcoder.step(0, systemClock)
  const streams = transcoder.pushes.flatMap((push) => JSON.parse(push.toString()).streams)
  return { outcome, streams, refused: transcoder.refused, pushes: transcoder.pushes.length }
}

const arrays: [string, string, object[]][] = [
  ['no object', '[]', []],
  [
    'objects with objects and arrays in them',
    ' [ {"msg":"1","a":[{"b":1}]} ,{"msg":"2","service":"cart"}]',
    [
      { stream: { stream: 'web', service_name: 'web' }, values: [['0', '1', { a: '[{"b":1}]' }]] },
      { stream: { stream: 'web', service_name: 'cart' }, values: [['0', '2', {}]] },
    ],
  ],
  ['one object', '{"msg":"1"}', [{ stream: { stream: 'web', service_name: 'web' }, values: [['0', '1', {}]] }]],
]
test.each(arrays)('an array: %s', (_, text, streams) => {
  expect(runArray(text)).toMatchObject({ outcome: 'done', streams, refused: [] })
})

test.each(['[1]', '["a"]', '[[]]', '[null]', '3', '"a"', '', '[{}', '[{}]]', '{}{}', '[{"a":}]', Buffer.of(0xff)])(
  'an array: %s is none',
  (text) => {
    expect(runArray(text).outcome).toMatchObject({ code: 'bad_request' })
  },
)

test('an array: what is wrong with an object is named, the others are rows', () => {
  const { streams, refused: bad } = runArray('[{"msg":"1"},{"time":"soon"},{"msg":"3"}]')
  expect(bad).toMatchObject([
    { reason: 'invalid_value', count: 1, message: expect.stringMatching(/^object 2: time: /) },
  ])
  expect(streams).toMatchObject([{ values: [{}, {}] }])
})

test('an array: objects at the limit and one more, and bytes of one', () => {
  const many = (count: number) => `[${Array(count).fill('{}').join()}]`
  expect(runArray(many(RECORDS_MAX_PER_REQUEST))).toMatchObject({ outcome: 'done', refused: [] })
  expect(runArray(many(RECORDS_MAX_PER_REQUEST + 1)).outcome).toMatchObject({ code: 'too_large' })
  const long = (bytes: number) => `[{"msg":"${'x'.repeat(bytes - 10)}"}]`
  expect(runArray(long(LINE_BYTES_MAX)).refused).toEqual([])
  expect(runArray(long(LINE_BYTES_MAX + 1)).refused).toMatchObject([{ reason: 'line_too_long', count: 1 }])
})
