import { type AnyValue, type Attributes, encodeAttributes, hexText, NO_ORIGIN, type Origin } from '@vantage/model'
import type { ContractLogRow, ContractSpan } from '@vantage/model/contract-tests'

const BASE_NS = 1_700_000_000_123_456_789n

function text(value: string): AnyValue {
  return { kind: 'string', value }
}

function origins(): Origin[] {
  return ['web', 'db', 'ünï'].map((name, i) => ({
    ...NO_ORIGIN,
    resource: [
      { key: 'service.name', value: text(name) },
      { key: 'host.cores', value: { kind: 'int', value: BigInt(i) } },
    ],
    scopeName: `scope ${i}`,
  }))
}

function pick<T>(random: () => number, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T
}

export function randomAttributes(random: () => number): Attributes {
  const all: Attributes = [
    { key: 'method', value: text(pick(random, ['GET', 'POST'])) },
    { key: 'user', value: text(`u-${Math.floor(random() * 1e6)}`) },
    { key: 'status', value: { kind: 'int', value: BigInt(pick(random, [200, 404, -1])) } },
    { key: 'big', value: { kind: 'int', value: BigInt(Math.floor(random() * 1e9)) * 7_777_777_777n } },
    { key: 'took', value: { kind: 'double', value: random() * 1000 } },
    { key: 'ok', value: { kind: 'bool', value: random() < 0.5 } },
    { key: 'status', value: text('repeated with another type') },
    { key: 'list', value: { kind: 'array', values: [text('a'), { kind: 'bytes', value: Uint8Array.of(1, 2) }] } },
    { key: 'none', value: { kind: 'empty' } },
    { key: '', value: text('') },
  ]
  return all.filter(() => random() < 0.6)
}

/** Logs with every field, every kind of value, and much that is absent. */
export function richLogs(random: () => number, count: number): ContractLogRow[] {
  const sent = origins()
  return Array.from({ length: count }, (_, i) => ({
    timeNs: BASE_NS + BigInt(i) * 1_000_003n + (i > count / 2 ? 2n ** 55n : 0n),
    origin: pick(random, sent),
    attributes: randomAttributes(random),
    ...(random() < 0.9 ? { body: `line ${i} ${pick(random, ['alpha', 'beta', 'ünï'])}` } : {}),
    ...(random() < 0.1 ? { body: { kind: 'map', entries: [{ key: 'n', value: text(`value ${i}`) }] } as const } : {}),
    ...(random() < 0.5 ? { observedTimeNs: BASE_NS - BigInt(i) } : {}),
    ...(random() < 0.5 ? { severity: pick(random, [9, 17]), severityText: pick(random, ['INFO', 'ERROR']) } : {}),
    ...(random() < 0.5 ? { traceId: hex(random, 16), spanId: hex(random, 8), flags: 4_294_967_295 } : {}),
    ...(random() < 0.1 ? { eventName: `event ${i}`, droppedAttributes: i } : {}),
  }))
}

function hex(random: () => number, bytes: number): string {
  return hexText(
    Uint8Array.from({ length: bytes }, () => Math.floor(random() * 256)),
    0,
    bytes,
  )
}

/** Spans with every field, as `richLogs`. */
export function richSpans(random: () => number, count: number): ContractSpan[] {
  const sent = origins()
  return Array.from({ length: count }, (_, i) => {
    const startNs = BASE_NS + BigInt(i) * 1_000_003n
    return {
      startNs,
      // Ends before their begin, and none at all, come too.
      endNs: random() < 0.1 ? 0n : startNs + BigInt(Math.floor((random() - 0.1) * 1e9)),
      traceId: hex(random, 16),
      spanId: hex(random, 8),
      origin: pick(random, sent),
      attributes: randomAttributes(random),
      name: `operation ${pick(random, ['read', 'write', 'ünï'])}`,
      kind: Math.floor(random() * 6),
      statusCode: Math.floor(random() * 3),
      ...(random() < 0.5 ? { parentSpanId: hex(random, 8), flags: 257 } : {}),
      ...(random() < 0.1 ? { statusMessage: `failed ${i}`, traceState: 'a=b', droppedEvents: 1, droppedLinks: 2 } : {}),
      ...(random() < 0.2 ? { events: part(randomAttributes(random)) } : {}),
      ...(random() < 0.1 ? { links: part([]) } : {}),
    }
  })
}

/** One (tag, length, message) that is short enough for a length of two bytes. */
function part(attributes: Attributes): Uint8Array {
  const message = encodeAttributes(attributes)
  return Uint8Array.from([0x5a, (message.length & 127) | 128, message.length >> 7, ...message])
}
