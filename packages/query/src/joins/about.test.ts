import { type Clock, FaultError, fault, NO_ORIGIN, type QueryBudget } from '@vantage/model'
import { MemoryLogs, MemoryMetrics, MemorySpans, unlimitedBudget } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { TRACEQL_LIMITS } from '../traceql/limits.ts'
import { type About, type AboutRequest, aboutSubject, type Readers } from './about.ts'

const S = 1_000_000_000n
const TRACE = 'ab'.repeat(16)
const WINDOW: AboutRequest = {
  subject: { kind: 'window' },
  range: { startNs: 0n, endNs: 100n * S },
  linesMax: 10,
  timeoutMs: 600,
}

function origin(service: string) {
  return { ...NO_ORIGIN, resource: [{ key: 'service.name', value: { kind: 'string' as const, value: service } }] }
}

function readers(): Readers {
  const spans = new MemorySpans()
  const logs = new MemoryLogs()
  const metrics = new MemoryMetrics()
  for (const tenant of ['a', 'b']) {
    spans.append(tenant, {
      traceId: TRACE,
      spanId: '1'.repeat(16),
      name: tenant,
      startNs: S,
      endNs: 2n * S,
      origin: origin(tenant),
    })
    logs.append(tenant, { timeNs: S, body: `line of ${tenant}`, traceId: TRACE, origin: origin(tenant) })
    metrics.append(tenant, ['__name__', 'm', 'service_name', tenant], 1_000, 1)
  }
  return { spans, logs, metrics }
}

function about(request: AboutRequest, tenant: string, clock: Clock, budget: QueryBudget = unlimitedBudget): About {
  const result = aboutSubject(request, tenant, readers(), budget, TRACEQL_LIMITS, clock)
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}

const still: Clock = { nowMs: () => 0, monotonicMs: () => 0 }

test.each(['a', 'b'])('tenant %s sees what is its own, by window and by a trace id that others have too', (tenant) => {
  const trace: AboutRequest = {
    ...WINDOW,
    range: undefined,
    subject: { kind: 'trace', traceId: TRACE, spanId: undefined },
  }
  for (const request of [WINDOW, trace]) {
    const found = about(request, tenant, still)
    expect(found.lines?.map(({ line }) => line)).toEqual([`line of ${tenant}`])
    expect(found.figures?.operations.map(({ operation }) => operation)).toEqual([tenant])
    expect(found.metrics?.metrics.flatMap(({ series }) => series.map(({ labels }) => labels[3]))).toEqual([tenant])
  }
  const other = aboutSubject(trace, 'c', readers(), unlimitedBudget, TRACEQL_LIMITS, still)
  expect(other.ok ? 'found' : other.error.code).toBe('not_found')
})

test('a section that takes too long is named, and costs the others nothing', () => {
  let nowMs = 0
  const clock: Clock = { nowMs: () => 0, monotonicMs: () => nowMs }
  // The first look at the budget takes as long as three of the seven sections have.
  const check = (): void => {
    if (nowMs === 0) nowMs = 300
  }
  const found = about(WINDOW, 'a', clock, { ...unlimitedBudget, check })
  expect(found.cuts.map(({ section, limit }) => [section, limit])).toEqual([['logs', 'timeout']])
  expect(found.lines).toBeUndefined()
  expect(found.figures?.operations).toHaveLength(1)
  expect(found.metrics?.metrics).toHaveLength(1)
})

test('a budget that is used up is named by its limit', () => {
  const over = fault('unprocessable', 'too many bytes', { limit: 'query.maxBytes' })
  const chargeBytes = (): void => {
    throw new FaultError(over)
  }
  const found = about(WINDOW, 'a', still, { ...unlimitedBudget, chargeBytes })
  expect(found.cuts).toContainEqual({ section: 'logs', limit: 'query.maxBytes', message: 'too many bytes' })
  expect(found.figures?.spans).toBe(1)
})

test('a service is named by its name, whatever is in it', () => {
  const names = ['a.b', 'a|b', '(x', 'a\\d', '"q"', 'axb', 'b', '.*', 'x)y[', '']
  const metrics = new MemoryMetrics()
  for (const name of names) metrics.append('t', ['__name__', 'm', 'job', `ns/${name}`], 1_000, 1)
  const all = { ...readers(), metrics }
  for (const service of names.slice(0, -1)) {
    const request = { ...WINDOW, subject: { kind: 'service', service } as const }
    const found = aboutSubject(request, 't', all, unlimitedBudget, TRACEQL_LIMITS, still)
    const jobs = found.ok
      ? found.value.metrics?.metrics.flatMap(({ series }) => series.map(({ labels }) => labels[3]))
      : []
    expect([service, jobs]).toEqual([service, [`ns/${service}`]])
  }
})
