import { NO_ORIGIN, type Origin } from '@vantage/model'
import type { ContractLogRow, ContractSpan } from '@vantage/model/contract-tests'

const BASE_NS = 1_700_000_000_000_000_000n

function originOf(service: string): Origin {
  return { ...NO_ORIGIN, resource: [{ key: 'service.name', value: { kind: 'string', value: service } }] }
}

const SERVICES = ['web', 'cart', 'db'].map(originOf)

/** Logs of different times, services, ids and attributes, all different. */
export function someLogs(from: number, count: number): ContractLogRow[] {
  return Array.from({ length: count }, (_, k) => {
    const i = from + k
    return {
      timeNs: BASE_NS + BigInt(i - (i % 7) * 5) * 1_000_000n,
      body: `line ${i} of the log, word${i % 13}`,
      origin: SERVICES[i % 3] as Origin,
      severity: 9,
      severityText: 'INFO',
      traceId: (i + 1).toString(16).padStart(32, '0'),
      attributes: [{ key: 'user', value: { kind: 'string', value: `user ${i % 97}` } }],
    }
  })
}

export function someSpans(from: number, count: number): ContractSpan[] {
  return Array.from({ length: count }, (_, k) => {
    const i = from + k
    const startNs = BASE_NS + BigInt(i) * 1_000_000n
    return {
      startNs,
      endNs: startNs + BigInt(i % 1000),
      traceId: (1 + Math.floor(i / 5)).toString(16).padStart(32, '0'),
      spanId: (i + 1).toString(16).padStart(16, '0'),
      name: `operation ${i}`,
      origin: SERVICES[i % 3] as Origin,
    }
  })
}
