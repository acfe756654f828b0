import type { TestServer } from '../../support/server.ts'

/** How long ago the shop begins to be known, and its payments begin to fail. */
const KNOWN_MS = 2 * 3_600_000 + 300_000
export const FAULT_AGO_MS = 23 * 60_000
/** So long before the fault the version changes. */
const DEPLOY_LEAD_MS = 40_000
/** It goes on while tests look at it. */
const AHEAD_MS = 8 * 60_000
const STEP_MS = 30_000
const LINES_MAX = 10_000
const BOUNDS = [0.016, 0.064, 0.128, 0.256, 0.512, 1.02, 2.05]

interface Behaviour {
  readonly failed: number
  /** Of the requests, the part that takes 0.9 s in place of 50 ms. */
  readonly slow: number
}

interface Service {
  readonly name: string
  readonly namespace: string
  readonly perSecond: number
  readonly usual: Behaviour
  readonly atFault: Behaviour
}

const CALM: Behaviour = { failed: 0.002, slow: 0.01 }
const service = (name: string, perSecond: number, atFault = CALM, namespace = 'shop'): Service => {
  return { name, namespace, perSecond, usual: CALM, atFault }
}

const SERVICES: readonly Service[] = [
  service('storefront', 40, { failed: 0.008, slow: 0.04 }, 'web'),
  service('gateway', 60, { failed: 0.012, slow: 0.06 }, 'web'),
  service('checkout', 12, { failed: 0.03, slow: 0.2 }),
  service('payments', 12, { failed: 0.09, slow: 0.3 }),
  service('catalog', 30),
  service('cart', 18),
  service('shipping', 6),
]

/** Who calls whom; the called of the last ones sends no spans itself. */
const CALLS: readonly (readonly [string, string, string])[] = [
  ['storefront', 'gateway', ''],
  ['gateway', 'checkout', ''],
  ['gateway', 'catalog', ''],
  ['gateway', 'cart', ''],
  ['checkout', 'payments', ''],
  ['checkout', 'shipping', ''],
  ['checkout', 'cart', ''],
  ['payments', 'ledger', 'database'],
  ['cart', 'sessions', 'database'],
  ['catalog', 'products', 'database'],
]

/**
 * Sends what a shop of seven services measures in two hours and the next minutes, as it is counted from spans: payments fail and are slow since
 * 23 minutes, and those that call them a little. Values follow from the time alone.
 */
export async function sendHistory(server: TestServer, nowMs: number): Promise<void> {
  const faultMs = nowMs - FAULT_AGO_MS
  const endMs = nowMs + AHEAD_MS
  let lines: string[] = []
  for (let atMs = nowMs - KNOWN_MS; atMs <= endMs; atMs += STEP_MS) {
    const seconds = busySeconds((atMs - (nowMs - KNOWN_MS)) / 1000)
    const usualSeconds = Math.min(seconds, busySeconds((faultMs - (nowMs - KNOWN_MS)) / 1000))
    const faultSeconds = seconds - usualSeconds
    for (const one of SERVICES) lines.push(...serviceLines(one, usualSeconds, faultSeconds, atMs))
    for (const call of CALLS) lines.push(...callLines(call, usualSeconds, faultSeconds, atMs))
    if (lines.length < LINES_MAX && atMs + STEP_MS <= endMs) continue
    await post(server, '/api/v1/import/prometheus', `${lines.join('\n')}\n`)
    lines = []
  }
  const time = new Date(faultMs - DEPLOY_LEAD_MS).toISOString()
  const event = { service: 'payments', version: '2.41.0', title: 'payments 2.41.0', time }
  await post(server, '/api/vantage/v1/events', JSON.stringify(event))
}

/** Time with ups and downs: a minute may hold a fifth more requests, or less. */
function busySeconds(seconds: number): number {
  return seconds + 40 * Math.sin(seconds / 300) + 8 * Math.sin(seconds / 97)
}

/** Sends `count` services in twelve namespaces that call one another, over 15 minutes until `endMs`. */
export async function sendManyServices(server: TestServer, endMs: number, count: number): Promise<void> {
  const many = Array.from({ length: count }, (_, i) => service(`svc-${i}`, 1 + (i % 40), CALM, `team-${i % 12}`))
  for (let ago = 900; ago >= 0; ago -= 60) {
    const seconds = 1_000 - ago
    const lines = many.flatMap((one, i) => {
      const caller = many[Math.floor(i / 6)] as Service
      const labels =
        `client="${caller.name}",server="${one.name}",connection_type="",` +
        `client_service_namespace="${caller.namespace}",server_service_namespace="${one.namespace}"`
      const call = `traces_service_graph_request_total{${labels}} ${one.perSecond * seconds} ${endMs - ago * 1000}`
      const [total = ''] = serviceLines(one, seconds, 0, endMs - ago * 1000)
      return i === 0 ? [total] : [total, call]
    })
    await post(server, '/api/v1/import/prometheus', `${lines.join('\n')}\n`)
  }
}

function serviceLines(one: Service, usualSeconds: number, faultSeconds: number, atMs: number): string[] {
  const { name, namespace, perSecond, usual, atFault } = one
  const labels = `service="${name}",service_namespace="${namespace}",span_name="${name} request",span_kind="SPAN_KIND_SERVER"`
  const total = perSecond * (usualSeconds + faultSeconds)
  const failed = perSecond * (usualSeconds * usual.failed + faultSeconds * atFault.failed)
  const slow = perSecond * (usualSeconds * usual.slow + faultSeconds * atFault.slow)
  const line = (metric: string, more: string, value: number) =>
    `${metric}{${labels}${more}} ${value.toFixed(3)} ${atMs}`
  return [
    line('traces_spanmetrics_calls_total', ',status_code="STATUS_CODE_UNSET"', total - failed),
    line('traces_spanmetrics_calls_total', ',status_code="STATUS_CODE_ERROR"', failed),
    ...bucketLines('traces_spanmetrics_latency', labels, total, slow, atMs),
  ]
}

function callLines(call: readonly [string, string, string], usualSeconds: number, faultSeconds: number, atMs: number) {
  const [client, server, type] = call
  const from = SERVICES.find(({ name }) => name === client) as Service
  const to = SERVICES.find(({ name }) => name === server)
  const perSecond = Math.min(from.perSecond, to?.perSecond ?? from.perSecond) * 0.8
  const atFault = to?.atFault ?? CALM
  const total = perSecond * (usualSeconds + faultSeconds)
  const failed = perSecond * (usualSeconds * CALM.failed + faultSeconds * atFault.failed)
  const slow = perSecond * (usualSeconds * CALM.slow + faultSeconds * atFault.slow)
  const labels =
    `client="${client}",server="${server}",connection_type="${type}",` +
    `client_service_namespace="${from.namespace}",server_service_namespace="${to?.namespace ?? ''}"`
  return [
    `traces_service_graph_request_total{${labels}} ${total.toFixed(3)} ${atMs}`,
    `traces_service_graph_request_failed_total{${labels}} ${failed.toFixed(3)} ${atMs}`,
    ...bucketLines('traces_service_graph_request_server_seconds', labels, total, slow, atMs),
  ]
}

/** Cumulative buckets: the usual ones spread below 128 ms, the slow ones below 1.02 s. */
function bucketLines(metric: string, labels: string, total: number, slow: number, atMs: number): string[] {
  const quick = total - slow
  const below = (bound: number) => {
    const share = { 0.016: 0.3, 0.064: 0.9 }[bound] ?? 1
    return quick * share + (bound >= 1.02 ? slow : bound >= 0.512 ? slow * 0.2 : 0)
  }
  return [
    ...BOUNDS.map((bound) => `${metric}_bucket{${labels},le="${bound}"} ${below(bound).toFixed(3)} ${atMs}`),
    `${metric}_bucket{${labels},le="+Inf"} ${total.toFixed(3)} ${atMs}`,
    `${metric}_sum{${labels}} ${(quick * 0.03 + slow * 0.7).toFixed(3)} ${atMs}`,
    `${metric}_count{${labels}} ${total.toFixed(3)} ${atMs}`,
  ]
}

async function post(server: TestServer, path: string, body: string): Promise<void> {
  const answer = await fetch(`${server.url}${path}`, { method: 'POST', body })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status} ${await answer.text()}`)
}
