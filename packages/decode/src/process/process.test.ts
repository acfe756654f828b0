import {
  type AnyValue,
  type Attributes,
  BODY_KIND,
  compileSearch,
  decodeAttributes,
  decodeValue,
  encodeAttributes,
  encodeEvents,
  encodeLinks,
  encodeValue,
  LogBatch,
  NO_ORIGIN,
  SpanBatch,
  valueText,
} from '@vantage/model'
import { describe, expect, test } from 'vitest'
import type { EarlyProcessor, LateProcessor, RowSelector } from './processor.ts'
import { BatchRows, finish, textAt } from './rows.ts'
import { runEarly, runLate } from './run.ts'

const early = (...args: Parameters<typeof runEarly>) => finish(runEarly(...args))
const late = (...args: Parameters<typeof runLate>) => finish(runLate(...args))

const ANY: RowSelector = { service: '', text: undefined, attributes: [], maxSeverity: 0 }
const BOTH = new Set(['logs', 'spans'] as const)

function pattern(text: string) {
  const compiled = compileSearch(text)
  if (!compiled.ok) throw new Error(compiled.error.message)
  return compiled.value
}

const attributes = (record: Readonly<Record<string, string | AnyValue>>): Attributes =>
  Object.entries(record).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { kind: 'string', value } : value,
  }))

interface Line {
  readonly text?: string
  readonly body?: AnyValue
  readonly service?: string
  readonly severity?: number
  readonly traceId?: number
  readonly attributes?: Readonly<Record<string, string | AnyValue>>
}

function put(column: LogBatch['columns']['bodies'], row: number, bytes: Uint8Array): void {
  const at = column.bytes.length
  column.bytes = Buffer.concat([column.bytes, bytes])
  column.set(row, at, at + bytes.length)
}

function logs(lines: readonly Line[]): LogBatch {
  const batch = new LogBatch()
  const { columns } = batch
  batch.originOf = (origin) => ({
    ...NO_ORIGIN,
    resource: attributes({ 'service.name': (lines[origin] as Line).service ?? 'cart' }),
  })
  lines.forEach((line, i) => {
    batch.verdict.next()
    const row = batch.addRow(batch.addOrigin(0, 0))
    columns.bodyKinds[row] = line.body === undefined ? BODY_KIND.text : BODY_KIND.value
    put(columns.bodies, row, line.body === undefined ? Buffer.from(line.text ?? '') : encodeValue(line.body))
    put(columns.attributes, row, encodeAttributes(attributes(line.attributes ?? {})))
    columns.severities[row] = line.severity ?? 0
    columns.times[row] = BigInt(i)
    columns.traceIds[row * 16 + 15] = line.traceId ?? 0
  })
  return batch
}

function linesOf(batch: LogBatch): string[] {
  const rows = new BatchRows(batch)
  return Array.from({ length: rows.count }, (_, row) => rows.text(row))
}

function recordOf(batch: LogBatch | SpanBatch, row = 0): Record<string, string> {
  const all = new BatchRows(batch).attributes(row)
  return Object.fromEntries(all.map(({ key, value }) => [key, valueText(value)]))
}

const drop = (where: Partial<RowSelector>): EarlyProcessor => ({
  name: 'd',
  kind: 'drop',
  signals: BOTH,
  where: { ...ANY, ...where },
})

describe('selectors', () => {
  const lines: Line[] = [
    { text: 'GET /health 200', service: 'web', severity: 9 },
    { text: 'GET /health 500', service: 'web', severity: 17 },
    { text: 'GET /cart', service: 'cart', attributes: { env: 'dev', n: { kind: 'int', value: 7n } } },
  ]
  const cases: [string, Partial<RowSelector>, number[]][] = [
    ['every row', {}, []],
    ['a service', { service: 'web' }, [2]],
    ['a text', { text: pattern('/health') }, [2]],
    ['a text and a severity', { text: pattern('/health'), maxSeverity: 9 }, [1, 2]],
    ['an attribute', { attributes: [['env', 'dev']] }, [0, 1]],
    ['a number as text', { attributes: [['n', '7']] }, [0, 1]],
    ['all of them must hold', { service: 'web', attributes: [['env', 'dev']] }, [0, 1, 2]],
  ]
  test.each(cases)('%s', (_, where, kept) => {
    const batch = logs(lines)
    early([drop(where)], batch)
    expect(linesOf(batch)).toEqual(kept.map((row) => lines[row]?.text))
    expect([...batch.rowItems.subarray(0, kept.length)]).toEqual(kept)
  })
})

describe('sampling', () => {
  const sample = (percent: number): EarlyProcessor => ({
    name: 's',
    kind: 'sample',
    percent,
    signals: BOTH,
    where: ANY,
  })
  test('of a trace all rows or none, about as many as wanted', () => {
    const lines = Array.from({ length: 2_000 }, (_, i): Line => ({ text: `${i % 200}`, traceId: (i % 200) + 1 }))
    const batch = logs(lines)
    const [effect] = early([sample(25)], batch)
    const byTrace = Map.groupBy(linesOf(batch), (text) => text)
    expect([...byTrace.values()].every((rows) => rows.length === 10)).toBe(true)
    expect(byTrace.size).toBeGreaterThan(20)
    expect(byTrace.size).toBeLessThan(80)
    expect(effect).toEqual({ name: 's', dropped: 2_000 - byTrace.size * 10, changed: 0 })
  })
  test.each([
    [0, 0],
    [100, 500],
  ])('%i percent of rows without a trace', (percent, kept) => {
    const batch = logs(Array.from({ length: 500 }, (_, i) => ({ text: `${i}` })))
    early([sample(percent)], batch)
    expect(batch.columns.count).toBe(kept)
  })
})

describe('masking', () => {
  const mask = (more: Partial<Extract<EarlyProcessor, { kind: 'mask' }>>): EarlyProcessor => ({
    name: 'm',
    kind: 'mask',
    signals: BOTH,
    where: ANY,
    what: ['card', 'email', 'token'],
    patterns: [],
    fields: new Set(),
    ...more,
  })
  const texts: [string, string][] = [
    ['paid with 4111 1111 1111 1111.', 'paid with [masked].'],
    ['4111-1111-1111-1111,378282246310005', '[masked],[masked]'],
    ['no card: 4111 1111 1111 1112', 'no card: 4111 1111 1111 1112'],
    [
      'no card: 1.4111111111111111 and trace 4111111111111111a',
      'no card: 1.4111111111111111 and trace 4111111111111111a',
    ],
    ['to a.b+c@shop.example.org now', 'to [masked] now'],
    ['user@host', 'user@host'],
    ['Authorization: Bearer abcdefgh.ijkl-mn', 'Authorization: [masked]'],
    ['eyJhbGciOiJIUzI1.eyJzdWIiOiIx.SflKxwRJSMeK', '[masked]'],
    ['key AKIAIOSFODNN7EXAMPLE!', 'key [masked]!'],
    [`ghp_${'a'.repeat(36)}`, '[masked]'],
    ['nothing', 'nothing'],
  ]
  test.each(texts)('%s', (text, masked) => {
    const batch = logs([{ text: 'before' }, { text }, { text: 'behind' }])
    const effects = early([mask({})], batch)
    expect(linesOf(batch)).toEqual(['before', masked, 'behind'])
    expect(effects).toEqual(text === masked ? [] : [{ name: 'm', dropped: 0, changed: 1 }])
  })

  test('attributes of every kind, named ones whole, patterns of your own', () => {
    const card: AnyValue = { kind: 'int', value: 4111111111111111n }
    const list: AnyValue = {
      kind: 'array',
      values: [
        { kind: 'string', value: 'a@b.cd' },
        { kind: 'bool', value: true },
      ],
    }
    const batch = logs([
      {
        text: 'order K-77',
        attributes: {
          card,
          list,
          map: { kind: 'map', entries: attributes({ in: 'a@b.cd', password: 'x' }) },
          password: 'x',
          n: { kind: 'double', value: 1 },
        },
      },
    ])
    early([mask({ patterns: [pattern('K-\\d+')], fields: new Set(['password']) })], batch)
    expect(linesOf(batch)).toEqual(['order [masked]'])
    expect(recordOf(batch)).toEqual({
      card: '[masked]',
      list: '["[masked]",true]',
      map: '{"in":"[masked]","password":"[masked]"}',
      password: '[masked]',
      n: '1',
    })
  })

  test('bodies that are values; rows of others stay', () => {
    const body: AnyValue = { kind: 'map', entries: attributes({ to: 'a@b.cd' }) }
    const batch = logs([{ body }, { body, service: 'web' }])
    early([mask({ where: { ...ANY, service: 'web' } })], batch)
    const { bytes, from, to } = batch.columns.bodies
    const read = (row: number) => valueText(decodeValue(bytes, from[row] as number, to[row] as number))
    expect([read(0), read(1)]).toEqual(['{"to":"a@b.cd"}', '{"to":"[masked]"}'])
  })

  test('names, messages, events and links of spans', () => {
    const batch = new SpanBatch()
    const { columns } = batch
    const row = batch.addRow(0)
    const more = attributes({ to: 'a@b.cd' })
    batch.originOf = () => NO_ORIGIN
    put(columns.names, row, Buffer.from('mail a@b.cd'))
    put(columns.statusMessages, row, Buffer.from('no a@b.cd'))
    put(columns.events, row, encodeEvents([{ timeUnixNs: 1n, name: 'a@b.cd', attributes: more, droppedAttributes: 0 }]))
    const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
    put(columns.links, row, encodeLinks([{ ...ids, traceState: '', attributes: more, droppedAttributes: 0, flags: 0 }]))
    early([mask({})], batch)
    expect([textAt(columns.names, row), textAt(columns.statusMessages, row)]).toEqual(['mail [masked]', 'no [masked]'])
    for (const column of [columns.events, columns.links]) {
      const text = textAt(column, row)
      expect([text.includes('a@b.cd'), text.includes('[masked]')]).toEqual([false, true])
    }
  })

  test('long texts take a linear time', () => {
    const text = `${'a'.repeat(50_000)}${'1 '.repeat(50_000)}${'eyJ'.repeat(20_000)}${'x@'.repeat(20_000)} a@b.cd`
    const batch = logs([{ text }])
    // Were one of the patterns quadratic, this would not end in time.
    expect(early([mask({})], batch)).toHaveLength(1)
  })
})

describe('behind the log', () => {
  const parse = (format: 'json' | 'logfmt' | 'regex', text?: string): LateProcessor => ({
    name: 'p',
    kind: 'parse',
    format,
    pattern: text === undefined ? undefined : pattern(text),
    signals: new Set(['logs']),
    where: ANY,
  })
  const parsed: [string, LateProcessor, string, Record<string, string>][] = [
    [
      'JSON',
      parse('json'),
      ' {"level":"warn","http":{"status":503},"a":"sent"}',
      { a: 'own', level: 'warn', 'http.status': '503' },
    ],
    ['no JSON', parse('json'), 'level=warn', { a: 'own' }],
    ['JSON nested without end', parse('json'), `{"level":${'['.repeat(60_000)}${']'.repeat(60_000)}}`, { a: 'own' }],
    [
      'logfmt',
      parse('logfmt'),
      'level=warn msg="a \\"b\\"" empty= x',
      { a: 'own', level: 'warn', msg: 'a "b"', empty: '' },
    ],
    [
      'an expression',
      parse('regex', '(?P<method>[A-Z]+) (?P<path>\\S+) (\\d+)'),
      'GET /cart 200',
      { a: 'own', method: 'GET', path: '/cart' },
    ],
    ['one that is not found', parse('regex', '(?P<method>[A-Z]+) '), 'none', { a: 'own' }],
  ]
  test.each(parsed)('parse %s', (_, processor, text, expected) => {
    const batch = logs([{ text, attributes: { a: 'own' } }])
    late([processor], batch)
    expect(recordOf(batch)).toEqual(expected)
    expect(batch.columns.severities[0]).toBe('level' in expected ? 13 : 0)
    expect(linesOf(batch)).toEqual([text])
  })

  test('enrich: what a row has stays', () => {
    const batch = logs([{ attributes: { team: 'own' } }, {}, { service: 'web' }])
    const where = { ...ANY, service: 'cart' }
    late(
      [
        {
          name: 'e',
          kind: 'enrich',
          signals: BOTH,
          where,
          set: [
            ['team', 'shop'],
            ['tier', '1'],
          ],
        },
      ],
      batch,
    )
    expect([recordOf(batch, 0), recordOf(batch, 1), recordOf(batch, 2)]).toEqual([
      { team: 'own', tier: '1' },
      { team: 'shop', tier: '1' },
      {},
    ])
  })

  test('a row has at most so many attributes', () => {
    const members = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, i]))
    const batch = logs([{ text: JSON.stringify(members) }])
    late([parse('json')], batch)
    const { bytes, from, to } = batch.columns.attributes
    expect(decodeAttributes(bytes, from[0] as number, to[0] as number)).toHaveLength(128)
  })

  test('work on many rows stops now and then', () => {
    const batch = logs(Array.from({ length: 1_000 }, (_, i) => ({ text: `level=warn i=${i}` })))
    let stops = 0
    for (const work of [runEarly([drop({ text: pattern('i=1$') })], batch), runLate([parse('logfmt')], batch)]) {
      while (work.next().done !== true) stops++
    }
    expect(stops).toBeGreaterThan(50)
    expect([batch.columns.count, recordOf(batch, 998)]).toEqual([999, { level: 'warn', i: '999' }])
  })

  test('a processor of the other signal does nothing', () => {
    const batch = logs([{ text: 'x' }])
    expect(early([{ ...drop({}), signals: new Set(['spans']) }], batch)).toEqual([])
    expect(batch.columns.count).toBe(1)
  })
})
