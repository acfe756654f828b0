import {
  compileMatcher,
  encodeLiveFrame,
  type Fault,
  FaultError,
  type Labels,
  labelsToRecord,
  labelValue,
  liveFrameCapacity,
  type Matcher,
  SampleColumns,
  STATUS,
  type TenantId,
} from '@vantage/model'
import { DEFAULT_OPTIONS, parsePromql } from '@vantage/query/promql'
import type { MetricStore, SeriesTap } from '@vantage/store/metrics'
import { Budget, type QueryLimits } from '../query/budget.ts'
import { type Audience, Audiences } from './audiences.ts'

const FRAME_MS = 1000 / 60
/** Samples that wait for the next frame, all clients together; beyond it the newest are dropped and clients are told. */
const PENDING_MAX = 262_144
const SERIES_PER_SUBSCRIPTION_MAX = 2_000
const SERIES_DEFAULT = 200
const BACKFILL_MAX_MS = 5 * 60_000
const BACKFILL_POINTS_MAX = 2_000
/** Points of one answer, all series together: its text stays below some 8 MB. */
const ANSWER_POINTS_MAX = 200_000
/** What one subscription may cost the main thread; a selector that needs more is told to be narrower. */
const SELECT_LIMITS: QueryLimits = { maxSamples: 4_000_000, maxBytes: 64 * 1024 * 1024, maxSeries: 20_000 }
const SELECT_MAX_MS = 250
/** Requests of one client: a page of 100 charts that subscribes anew every 10 s stays below. */
const REQUESTS_PER_SECOND = 20
const REQUESTS_BURST = 400
/** Text frames of clients are requests: short. The socket closes longer ones with 1009. */
export const REQUEST_BYTES_MAX = 16 * 1024
const SUBSCRIPTIONS_PER_CLIENT_MAX = 100

/** The socket as the hub sees it. */
export interface LiveSocket {
  send(data: string | ArrayBuffer): void
  close(code: number, reason: string): void
  readonly bufferedAmount: number
}

export interface LiveLimits {
  readonly maxSubscriptions: number
  readonly maxBacklogBytes: number
  readonly maxFrameBytes: number
}

interface Subscription {
  readonly id: number
  readonly matchers: readonly { readonly name: string; matches(value: string): boolean }[]
  readonly source: readonly Matcher[]
  readonly windowMs: number
  readonly maxSeries: number
  readonly refs: Set<number>
  /** More series match than it may hold, and its client knows. */
  isTruncated: boolean
}

class Client {
  readonly socket: LiveSocket
  readonly subscriptions = new Map<number, Subscription>()
  /** How many subscriptions of this client hold a series. */
  readonly holds = new Map<number, number>()
  isJson = false
  dropped = 0
  droppedFromMs = 0
  tokens = REQUESTS_BURST
  tokensAtMs = performance.now()

  constructor(socket: LiveSocket) {
    this.socket = socket
  }

  /** @returns false where the client asks faster than its rate */
  takeToken(nowMs: number): boolean {
    const earned = ((nowMs - this.tokensAtMs) / 1000) * REQUESTS_PER_SECOND
    this.tokens = Math.min(REQUESTS_BURST, this.tokens + earned) - 1
    this.tokensAtMs = nowMs
    return this.tokens >= 0
  }
}

/**
 * Live views of one tenant: each sample that someone watches goes out with the next frame, up to 60 a second.
 * A client that cannot keep up loses samples and is told how many; its socket's backlog stays bounded.
 */
export class LiveHub {
  readonly #store: MetricStore
  readonly #tenant: TenantId
  readonly #limits: LiveLimits
  readonly #selectMaxMs: number
  readonly #tap: SeriesTap
  readonly #clients = new Set<Client>()
  readonly #audiences = new Audiences<Client>()
  readonly #watchers = new Map<number, number>()
  #refs = new Uint32Array(4096)
  #times = new Float64Array(4096)
  #values = new Float64Array(4096)
  #pending = 0
  #overflowed = 0
  #nextFrameAt = 0
  #timer: NodeJS.Timeout | undefined
  #newSeries: { ref: number; labels: Labels }[] = []
  framesSent = 0
  samplesDropped = 0

  /** @param selectMaxMs what one subscription may take of the main thread */
  constructor(store: MetricStore, tenant: TenantId, limits: LiveLimits, selectMaxMs = SELECT_MAX_MS) {
    this.#selectMaxMs = selectMaxMs
    this.#store = store
    this.#tenant = tenant
    this.#limits = limits
    this.#tap = store.tap(tenant)
    this.#tap.onSample = (series, timeMs, value) => this.#push(series, timeMs, value)
    this.#tap.onRenumber = () => this.#resubscribe()
  }

  get clientCount(): number {
    return this.#clients.size
  }

  get subscriptionCount(): number {
    let count = 0
    for (const client of this.#clients) count += client.subscriptions.size
    return count
  }

  connect(socket: LiveSocket): { message(text: string): void; closed(): void } {
    const client = new Client(socket)
    this.#clients.add(client)
    this.#tap.onSeries = (series, labels) => this.#noteSeries(series, labels)
    return {
      message: (text) => this.#message(client, text),
      closed: () => {
        for (const id of [...client.subscriptions.keys()]) this.#unsubscribe(client, id)
        this.#clients.delete(client)
        this.#audiences.remove(client)
        if (this.#clients.size === 0) this.#tap.onSeries = undefined
      },
    }
  }

  /** Tells every client that the server goes; they come back by themselves. */
  close(): void {
    clearTimeout(this.#timer)
    for (const client of [...this.#clients]) client.socket.close(1012, 'the server restarts')
  }

  #message(client: Client, text: string): void {
    if (!client.takeToken(performance.now())) {
      client.socket.close(1008, 'too many requests')
      return
    }
    // An answer to somebody who does not read would only wait in our memory.
    if (client.socket.bufferedAmount > this.#limits.maxBacklogBytes) {
      client.socket.close(1013, 'read faster')
      return
    }
    const problem = this.#obey(client, text)
    if (problem !== undefined) send(client, { type: 'error', message: problem })
  }

  /** @returns what is wrong with the request */
  #obey(client: Client, text: string): string | undefined {
    let request: Record<string, unknown>
    try {
      request = JSON.parse(text) as Record<string, unknown>
    } catch (error) {
      return `want a JSON object: ${(error as Error).message}`
    }
    if (typeof request !== 'object' || request === null) return 'want a JSON object'
    switch (request['type']) {
      case 'format':
        client.isJson = request['value'] === 'json'
        return undefined
      case 'unsubscribe':
        this.#unsubscribe(client, Number(request['id']))
        return undefined
      case 'subscribe':
        return this.#subscribe(client, request)
      default:
        return 'type: want subscribe, unsubscribe or format'
    }
  }

  #subscribe(client: Client, request: Record<string, unknown>): string | undefined {
    const id = Number(request['id'] ?? 0)
    if (!Number.isInteger(id) || id < 0) return 'id: want a whole number from 0'
    const { maxSubscriptions } = this.#limits
    if (this.subscriptionCount >= maxSubscriptions || client.subscriptions.size >= SUBSCRIPTIONS_PER_CLIENT_MAX) {
      return `want at most ${maxSubscriptions} subscriptions (live.maxSubscriptions), ${SUBSCRIPTIONS_PER_CLIENT_MAX} of one client`
    }
    const parsed = matchersOf(String(request['matchers'] ?? ''))
    if ('code' in parsed) return `matchers: ${parsed.message}`
    this.#unsubscribe(client, id)
    const windowMs = clamp(Number(request['windowMs'] ?? 60_000), 0, BACKFILL_MAX_MS)
    const maxSeries = clamp(Number(request['maxSeries'] ?? SERIES_DEFAULT), 1, SERIES_PER_SUBSCRIPTION_MAX)
    const subscription: Subscription = {
      id,
      matchers: parsed.compiled,
      source: parsed.matchers,
      windowMs,
      maxSeries,
      refs: new Set(),
      isTruncated: false,
    }
    client.subscriptions.set(id, subscription)
    this.#answer(client, subscription)
    return undefined
  }

  /** A subscription that costs too much is gone; its client is told why, and whether it may do better another time. */
  #answer(client: Client, subscription: Subscription): void {
    try {
      this.#select(client, subscription, new Budget(SELECT_LIMITS, this.#selectMaxMs))
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      this.#unsubscribe(client, subscription.id)
      const { code, message } = error.fault
      send(client, {
        type: 'error',
        id: subscription.id,
        message: `matchers: want a narrower selector: ${message}`,
        retry: STATUS[code].retry,
      })
    }
  }

  #select(client: Client, subscription: Subscription, budget: Budget): void {
    const nowMs = Date.now()
    const range = { startMs: nowMs - subscription.windowMs, endMs: nowMs + BACKFILL_MAX_MS }
    const selection = this.#store.reader().select(this.#tenant, { matchers: subscription.source, ...range }, budget)
    const count = Math.min(selection.count, subscription.maxSeries)
    const columns = new SampleColumns()
    const pointsMax = Math.min(BACKFILL_POINTS_MAX, Math.floor(ANSWER_POINTS_MAX / Math.max(1, count)))
    const series: { ref: number; labels: Record<string, string> }[] = []
    const backfill: { ref: number; times: number[]; values: (number | string)[] }[] = []
    for (let i = 0; i < count; i++) {
      const labels = selection.labels(i)
      const ref = this.#store.seriesRef(this.#tenant, labels)
      if (ref === undefined) continue
      this.#hold(client, subscription, ref)
      series.push({ ref, labels: labelsToRecord(labels) })
      selection.read(i, range.startMs, range.endMs, columns)
      budget.chargeSamples(columns.count)
      const from = Math.max(0, columns.count - pointsMax)
      backfill.push({
        ref,
        times: Array.from(columns.times.subarray(from, columns.count)),
        values: Array.from(columns.values.subarray(from, columns.count), jsonValue),
      })
    }
    const total = selection.count
    const truncated = total > count
    subscription.isTruncated = truncated
    send(client, { type: 'subscribed', id: subscription.id, series, backfill, truncated, total, nowMs })
  }

  #hold(client: Client, subscription: Subscription, ref: number): void {
    if (subscription.refs.has(ref)) return
    subscription.refs.add(ref)
    const holds = client.holds.get(ref) ?? 0
    client.holds.set(ref, holds + 1)
    if (holds > 0) return
    this.#audiences.change(client)
    const watchers = this.#watchers.get(ref) ?? 0
    this.#watchers.set(ref, watchers + 1)
    if (watchers === 0) this.#tap.watch(ref)
  }

  #unsubscribe(client: Client, id: number): void {
    const subscription = client.subscriptions.get(id)
    if (subscription === undefined) return
    client.subscriptions.delete(id)
    for (const ref of subscription.refs) {
      const holds = (client.holds.get(ref) ?? 1) - 1
      if (holds > 0) {
        client.holds.set(ref, holds)
        continue
      }
      client.holds.delete(ref)
      this.#audiences.change(client)
      const watchers = (this.#watchers.get(ref) ?? 1) - 1
      if (watchers > 0) this.#watchers.set(ref, watchers)
      else {
        this.#watchers.delete(ref)
        this.#tap.unwatch(ref)
      }
    }
  }

  /** Series ids changed: select all subscriptions again. Old ids mean nothing any more. */
  #resubscribe(): void {
    this.#pending = 0
    this.#newSeries = []
    for (const ref of this.#watchers.keys()) this.#tap.unwatch(ref)
    this.#watchers.clear()
    for (const client of this.#clients) {
      client.holds.clear()
      this.#audiences.change(client)
      for (const subscription of client.subscriptions.values()) {
        subscription.refs.clear()
        this.#answer(client, subscription)
      }
    }
  }

  #noteSeries(series: number, labels: Labels): void {
    for (const client of this.#clients) {
      for (const subscription of client.subscriptions.values()) {
        const isFull = subscription.refs.size >= subscription.maxSeries
        if (isFull && subscription.isTruncated) continue
        if (!subscription.matchers.every((one) => one.matches(labelValue(labels, one.name)))) continue
        if (isFull) {
          subscription.isTruncated = true
          send(client, { type: 'series', id: subscription.id, series: [], truncated: true })
          continue
        }
        this.#hold(client, subscription, series)
        this.#newSeries.push({ ref: series, labels })
      }
    }
    if (this.#newSeries.length > 0) this.#schedule()
  }

  #push(series: number, timeMs: number, value: number): void {
    if (this.#pending === PENDING_MAX) {
      this.#overflowed++
      return
    }
    if (this.#pending === this.#refs.length) this.#grow()
    this.#refs[this.#pending] = series
    this.#times[this.#pending] = timeMs
    this.#values[this.#pending] = value
    this.#pending++
    this.#schedule()
  }

  #grow(): void {
    const size = this.#refs.length * 2
    const refs = new Uint32Array(size)
    const times = new Float64Array(size)
    const values = new Float64Array(size)
    refs.set(this.#refs)
    times.set(this.#times)
    values.set(this.#values)
    this.#refs = refs
    this.#times = times
    this.#values = values
  }

  /** Deadline timer: frames lie on a grid of 16.667 ms, however late the last one was. */
  #schedule(): void {
    if (this.#timer !== undefined) return
    const nowMs = performance.now()
    this.#nextFrameAt = Math.max(this.#nextFrameAt + FRAME_MS, nowMs)
    if (this.#nextFrameAt - nowMs > FRAME_MS) this.#nextFrameAt = nowMs + FRAME_MS
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#flush()
    }, this.#nextFrameAt - nowMs)
  }

  #flush(): void {
    const newSeries = this.#newSeries.splice(0)
    if (newSeries.length > 0) for (const client of this.#clients) this.#tellSeries(client, newSeries)
    for (const audience of this.#audiences.pick(this.#refs, this.#pending)) this.#sendSamples(audience)
    this.#pending = 0
    this.#overflowed = 0
  }

  #tellSeries(client: Client, all: readonly { ref: number; labels: Labels }[]): void {
    for (const subscription of client.subscriptions.values()) {
      const refs = new Map(all.filter(({ ref }) => subscription.refs.has(ref)).map((one) => [one.ref, one]))
      if (refs.size === 0) continue
      const series = [...refs.values()].map(({ ref, labels }) => ({ ref, labels: labelsToRecord(labels) }))
      send(client, { type: 'series', id: subscription.id, series })
    }
  }

  /** The same bytes for all of an audience that read them in the same form. */
  #sendSamples(audience: Audience<Client>): void {
    const { picked, count } = audience
    let firstMs = Number.POSITIVE_INFINITY
    let lastMs = Number.NEGATIVE_INFINITY
    for (let k = 0; k < count; k++) {
      const timeMs = this.#times[picked[k] as number] as number
      if (timeMs < firstMs) firstMs = timeMs
      if (timeMs > lastMs) lastMs = timeMs
    }
    let json: readonly string[] | undefined
    let binary: readonly ArrayBuffer[] | undefined
    for (const client of audience.holders) {
      if (!this.#mayGet(client, count, firstMs, lastMs)) continue
      if (client.isJson) json ??= [this.#jsonOf(audience)]
      else binary ??= this.#framesOf(audience, firstMs)
      for (const data of (client.isJson ? json : binary) ?? []) client.socket.send(data)
      this.framesSent++
    }
  }

  /** Tells a client what it has missed. @returns false where it misses these samples, too */
  #mayGet(client: Client, count: number, firstMs: number, lastMs: number): boolean {
    if (client.socket.bufferedAmount > this.#limits.maxBacklogBytes) {
      client.dropped += count
      this.samplesDropped += count
      if (client.droppedFromMs === 0) client.droppedFromMs = firstMs
      return false
    }
    const dropped = client.dropped + this.#overflowed
    if (dropped > 0) {
      send(client, { type: 'gap', dropped, fromMs: client.droppedFromMs || firstMs, toMs: lastMs })
      client.dropped = 0
      client.droppedFromMs = 0
    }
    return true
  }

  #jsonOf({ picked, count }: Audience<Client>): string {
    const places = Array.from(picked.subarray(0, count))
    return JSON.stringify({
      type: 'samples',
      refs: places.map((i) => this.#refs[i]),
      times: places.map((i) => this.#times[i]),
      values: places.map((i) => jsonValue(this.#values[i] as number)),
    })
  }

  #framesOf({ picked, count }: Audience<Client>, baseMs: number): ArrayBuffer[] {
    const capacity = liveFrameCapacity(this.#limits.maxFrameBytes)
    const frames: ArrayBuffer[] = []
    for (let from = 0; from < count; from += capacity) {
      const size = Math.min(capacity, count - from)
      const refs = new Uint32Array(size)
      const offsetsMs = new Float32Array(size)
      const values = new Float64Array(size)
      for (let k = 0; k < size; k++) {
        const i = picked[from + k] as number
        refs[k] = this.#refs[i] as number
        offsetsMs[k] = (this.#times[i] as number) - baseMs
        values[k] = this.#values[i] as number
      }
      frames.push(encodeLiveFrame({ count: size, baseMs, refs, offsetsMs, values }))
    }
    return frames
  }
}

function send(client: Client, message: object): void {
  client.socket.send(JSON.stringify(message))
}

function clamp(value: number, low: number, high: number): number {
  return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : low
}

/** JSON has no NaN: the Prometheus spelling as text. */
function jsonValue(value: number): number | string {
  if (Number.isFinite(value)) return value
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

function matchersOf(text: string): { compiled: Subscription['matchers']; matchers: readonly Matcher[] } | Fault {
  const parsed = parsePromql(text, DEFAULT_OPTIONS)
  if (!parsed.ok) return parsed.error
  if (parsed.value.kind !== 'vectorSelector') return { code: 'bad_request', message: 'want a series selector' }
  const compiled: { name: string; matches(value: string): boolean }[] = []
  for (const matcher of parsed.value.matchers) {
    const one = compileMatcher(matcher)
    if (!one.ok) return one.error
    compiled.push({ name: matcher.name, matches: one.value.matches })
  }
  return { compiled, matchers: parsed.value.matchers }
}
