/**
 * The demo's load generator: five labelled services that send OTLP/JSON metrics to a Vantage on this machine, as an
 * application would. Everything it sends carries `service.namespace="vantage-demo"`.
 *
 *   node examples/demo/load.ts [URL of the OTLP/HTTP door]
 */
const NAMESPACE = 'vantage-demo'
const SEND_EVERY_MS = 1_000
/** The fast gauge is there to be watched live: this many points a second. */
const WAVE_HZ = 20
const BOUNDS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const START_TIMEOUT_MS = 120_000

interface Operation {
  readonly route: string
  readonly perSecond: number
  readonly medianSeconds: number
  readonly errorShare: number
  requests: number
  errors: number
  readonly buckets: number[]
  sum: number
}

interface Service {
  readonly name: string
  readonly instance: string
  readonly operations: Operation[]
  queueDepth: number
}

function operation(route: string, perSecond: number, medianSeconds: number, errorShare: number): Operation {
  const buckets = new Array<number>(BOUNDS_SECONDS.length + 1).fill(0)
  return { route, perSecond, medianSeconds, errorShare, requests: 0, errors: 0, buckets, sum: 0 }
}

function service(name: string, operations: Operation[]): Service {
  return { name, instance: `${name}-1`, operations, queueDepth: 0 }
}

const SERVICES: readonly Service[] = [
  service('storefront', [operation('GET /', 40, 0.03, 0.002), operation('GET /product/{id}', 65, 0.045, 0.004)]),
  service('cart', [operation('POST /cart', 18, 0.02, 0.003), operation('GET /cart', 30, 0.008, 0.001)]),
  service('checkout', [operation('POST /checkout', 6, 0.18, 0.012)]),
  service('payments', [operation('POST /authorize', 6, 0.12, 0.02)]),
  service('shipping', [operation('GET /quotes', 12, 0.06, 0.005)]),
]

/** Small, fast and seeded, so that two runs of the demo look alike. Source: Mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const random = seededRandom(42)

function normal(): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** Five minutes of calm and a rush; every fifth cycle payments is slow. */
function rush(nowMs: number): number {
  return 1 + 0.6 * Math.sin((nowMs / 300_000) * 2 * Math.PI)
}

function isSlow(one: Service, nowMs: number): boolean {
  return one.name === 'payments' && Math.floor(nowMs / 60_000) % 5 === 4
}

function work(one: Service, seconds: number, nowMs: number): void {
  for (const each of one.operations) {
    const expected = each.perSecond * rush(nowMs) * seconds
    const count = Math.max(0, Math.round(expected + normal() * Math.sqrt(expected)))
    for (let i = 0; i < count; i++) {
      const factor = isSlow(one, nowMs) ? 6 : 1
      const took = each.medianSeconds * factor * Math.exp(normal() * 0.5)
      const bucket = BOUNDS_SECONDS.findIndex((bound) => took <= bound)
      const at = bucket < 0 ? BOUNDS_SECONDS.length : bucket
      each.buckets[at] = (each.buckets[at] ?? 0) + 1
      each.sum += took
      each.requests++
      if (random() < each.errorShare * factor) each.errors++
    }
  }
  one.queueDepth = Math.max(0, one.queueDepth * 0.8 + (isSlow(one, nowMs) ? 40 : 4) * random())
}

const nanos = (timeMs: number): string => `${Math.round(timeMs)}000000`
const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })

function sum(name: string, unit: string, points: object[]) {
  return { name, unit, sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: points } }
}

function metricsOf(one: Service, startMs: number, nowMs: number): object[] {
  const stamp = { startTimeUnixNano: nanos(startMs), timeUnixNano: nanos(nowMs) }
  const requests = one.operations.flatMap((each) => [
    {
      ...stamp,
      asInt: String(each.requests - each.errors),
      attributes: [attribute('http.route', each.route), attribute('status', 'ok')],
    },
    {
      ...stamp,
      asInt: String(each.errors),
      attributes: [attribute('http.route', each.route), attribute('status', 'error')],
    },
  ])
  const durations = one.operations.map((each) => ({
    ...stamp,
    count: String(each.requests),
    sum: each.sum,
    bucketCounts: each.buckets.map(String),
    explicitBounds: BOUNDS_SECONDS,
    attributes: [attribute('http.route', each.route)],
  }))
  return [
    sum('http.requests', '', requests),
    {
      name: 'http.server.request.duration',
      unit: 's',
      description: 'Duration of HTTP requests.',
      histogram: { aggregationTemporality: 2, dataPoints: durations },
    },
    {
      name: 'queue.depth',
      unit: '{message}',
      gauge: { dataPoints: [{ timeUnixNano: nanos(nowMs), asDouble: one.queueDepth, attributes: [] }] },
    },
  ]
}

/** Points of a sine wave with noise for the last interval, one series per service. */
function waveOf(index: number, nowMs: number): object {
  const count = (WAVE_HZ * SEND_EVERY_MS) / 1_000
  const points = Array.from({ length: count }, (_, i) => {
    const timeMs = nowMs - SEND_EVERY_MS + ((i + 1) * SEND_EVERY_MS) / count
    const value = Math.sin(timeMs / (700 + index * 170)) * 10 + normal() + index * 5
    return { timeUnixNano: nanos(timeMs), asDouble: value, attributes: [] }
  })
  return { name: 'demo.wave', unit: '', description: 'A wave to watch live.', gauge: { dataPoints: points } }
}

function request(startMs: number, nowMs: number): string {
  const resourceMetrics = SERVICES.map((one, index) => ({
    resource: {
      attributes: [
        attribute('service.name', one.name),
        attribute('service.namespace', NAMESPACE),
        attribute('service.instance.id', one.instance),
      ],
    },
    scopeMetrics: [
      { scope: { name: 'demo-load' }, metrics: [...metricsOf(one, startMs, nowMs), waveOf(index, nowMs)] },
    ],
  }))
  return JSON.stringify({ resourceMetrics })
}

async function send(url: string, body: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    await answer.arrayBuffer()
    return answer.ok
  } catch (error) {
    // The server starts or restarts: the counters go on, the next request carries their newest values.
    if (error instanceof TypeError) return false
    throw error
  }
}

async function main(): Promise<void> {
  const port = process.env['VANTAGE_PORT'] ?? '3000'
  const url = process.argv[2] ?? `http://127.0.0.1:${port}/v1/metrics`
  const startMs = Date.now()
  let isFirst = true
  for (;;) {
    const nowMs = Date.now()
    for (const one of SERVICES) work(one, SEND_EVERY_MS / 1_000, nowMs)
    const wasTaken = await send(url, request(startMs, nowMs))
    if (wasTaken && isFirst) {
      isFirst = false
      console.log(`demo: ${SERVICES.length} services send to ${url}; look at http://127.0.0.1:${port}/live`)
    }
    if (isFirst && nowMs - startMs > START_TIMEOUT_MS) throw new Error(`nobody takes metrics at ${url}`)
    await new Promise((wake) => setTimeout(wake, Math.max(0, SEND_EVERY_MS - (Date.now() - nowMs))))
  }
}

await main()
