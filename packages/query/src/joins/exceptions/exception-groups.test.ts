import { type Attributes, type Clock, NO_ORIGIN, type NsRange } from '@vantage/model'
import { MemoryLogs, MemorySpans, unlimitedBudget } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { type ExceptionsRequest, type FoundExceptions, findExceptions } from './find-exceptions.ts'

const S = 1_000_000_000n
const ALL: NsRange = { startNs: 0n, endNs: 1_000n * S }
const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0 }

function text(record: Readonly<Record<string, string>>): Attributes {
  return Object.entries(record).map(([key, value]) => ({ key, value: { kind: 'string', value } }))
}

function origin(service: string) {
  return { ...NO_ORIGIN, resource: text({ 'service.name': service }) }
}

function thrown(type: string, message: string, line: number): Attributes {
  const stacktrace = `${type}: ${message}\n    at pay (pay.ts:${line}:3)`
  return text({ 'exception.type': type, 'exception.message': message, 'exception.stacktrace': stacktrace })
}

class Shop {
  readonly spans = new MemorySpans()
  readonly logs = new MemoryLogs()

  /** Span `at` fails at second `at`. */
  fail(service: string, at: number, attributes: Attributes): void {
    this.spans.append('t', {
      traceId: at.toString(16).padStart(32, '0'),
      spanId: at.toString(16).padStart(16, '0'),
      name: `op ${at}`,
      startNs: BigInt(at) * S,
      endNs: BigInt(at + 1) * S,
      origin: origin(service),
      events: [
        { timeUnixNs: BigInt(at) * S, name: 'exception', attributes, droppedAttributes: 0 },
        { timeUnixNs: 0n, name: 'note', attributes: [], droppedAttributes: 0 },
      ],
    })
  }

  /** A log record, of span `at` where it belongs to one. */
  write(service: string, at: number, attributes: Attributes, isOfSpan: boolean): void {
    const ids = { traceId: at.toString(16).padStart(32, '0'), spanId: at.toString(16).padStart(16, '0') }
    this.logs.append('t', { timeNs: BigInt(at) * S, origin: origin(service), attributes, ...(isOfSpan ? ids : {}) })
  }

  find(more: Partial<ExceptionsRequest> = {}): FoundExceptions {
    const request = { range: ALL, service: undefined, timeoutMs: 1_000, ...more }
    const found = findExceptions(request, 't', this, unlimitedBudget, clock)
    if (!found.ok) throw new Error(found.error.message)
    return found.value
  }
}

function shop(): Shop {
  const made = new Shop()
  made.fail('shop', 20, thrown('Denied', 'card 4711 of "ann"', 10))
  made.fail('shop', 10, thrown('Denied', 'card 815 of "bob"', 12))
  made.fail('shop', 30, thrown('Timeout', 'after 5 s', 10))
  made.fail('cart', 5, thrown('Denied', 'card 1 of "eve"', 10))
  return made
}

test('exceptions that differ in numbers only are one group, of all services', () => {
  const { groups, cuts } = shop().find()
  const shown = groups.map(({ type, count, firstNs, lastNs, services, newest }) => {
    return [
      type,
      count,
      firstNs / S,
      lastNs / S,
      services.map((one) => `${one.service} ${one.count}`),
      newest.operation,
    ]
  })
  expect(shown).toEqual([
    ['Timeout', 1, 30n, 30n, ['shop 1'], 'op 30'],
    ['Denied', 3, 5n, 20n, ['shop 2', 'cart 1'], 'op 20'],
  ])
  expect(groups[1]?.newest).toMatchObject({ message: 'card 4711 of "ann"', traceId: '14'.padStart(32, '0') })
  // Seconds 5, 10 and 20 of 1,000, in forty parts.
  expect(groups[1]?.trend).toEqual([3, ...new Array<number>(39).fill(0)])
  expect(groups[0]?.trend[1]).toBe(1)
  expect(groups[1]?.fingerprint).toMatch(/^[0-9a-f]{16}$/)
  expect(cuts).toEqual([])
})

test('what a span and a log record both tell counts once; records alone count too', () => {
  const made = shop()
  made.write('shop', 20, thrown('Denied', 'card 4711 of "ann"', 10), true)
  made.write('shop', 40, thrown('Denied', 'card 9 of "joe"', 11), false)
  made.write('mail', 50, text({ exception_type: 'Bounced', exception_message: 'no such box' }), true)
  made.write('mail', 60, text({ note: 'sent' }), true)
  const shown = made.find().groups.map(({ type, count, ofSpans, ofLogs }) => [type, count, ofSpans, ofLogs])
  expect(shown).toEqual([
    ['Bounced', 1, 0, 1],
    ['Denied', 4, 3, 1],
    ['Timeout', 1, 1, 0],
  ])
})

test('of one service, of a time', () => {
  const made = shop()
  expect(made.find({ service: 'cart' }).groups.map(({ count }) => count)).toEqual([1])
  expect(made.find({ range: { startNs: 0n, endNs: 10n * S } }).groups.map(({ count }) => count)).toEqual([1])
})

test('groups beyond the limit are one', () => {
  const made = new Shop()
  for (let i = 1; i <= 2_005; i++) made.fail('shop', i, text({ 'exception.type': `Type${'x'.repeat(i)}` }))
  const { groups, cuts } = made.find({ range: { startNs: 0n, endNs: 10_000n * S } })
  expect([groups.length, groups.find(({ type }) => type === 'other')?.count]).toEqual([2_001, 5])
  expect(cuts).toMatchObject([{ section: 'groups', limit: 'groupsMax' }])
})
