import { isZero, type QueryBudget, type SpanBlock, spanKey } from '@vantage/model'
import { SpanView } from '../traceql/evaluate/span-view.ts'
import { QuantileSketch } from '../traceql/metrics/sketch.ts'
import { KIND, ServiceNames, STATUS_ERROR, textReader } from './span-facts.ts'

/** How two services meet. `call`: client and server; `external`: a server that sent no span. */
export type Connection = 'call' | 'messaging' | 'database' | 'external'

/** Calls from one service to another. Times are of the side that is named, in seconds; NaN where it sent no span. */
export interface ServiceEdge {
  readonly client: string
  readonly server: string
  readonly connection: Connection
  readonly calls: number
  /** Calls of which either side failed. */
  readonly failed: number
  readonly clientSeconds: Latency
  readonly serverSeconds: Latency
}

export interface Latency {
  readonly sum: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

/** Sides of calls that wait for their other side; beyond it the oldest are taken for calls without one. */
const PENDING_MAX = 200_000

interface Side {
  readonly service: string
  readonly seconds: number
  readonly isFailed: boolean
  readonly isMessaging: boolean
  /** What the client says of a server that may send no span; '' = nothing. */
  readonly peer: string
  readonly connection: Connection
}

interface Tally {
  readonly client: string
  readonly server: string
  readonly connection: Connection
  calls: number
  failed: number
  readonly clientTimes: Times
  readonly serverTimes: Times
}

const readDatabase = textReader('db.system.name', 'db.system')
const readDatabaseName = textReader('peer.service', 'db.namespace', 'db.name', 'db.system.name', 'db.system')
const readPeer = textReader('peer.service', 'server.address', 'net.peer.name', 'http.host', 'url.domain')
const readMessaging = textReader(
  'messaging.destination.name',
  'messaging.destination',
  'messaging.system',
  'peer.service',
)

/**
 * Joins client and server spans, and producers and consumers, to edges between services. Clients whose server sent no
 * span are calls of a database or of something external where they name it, and left out otherwise.
 * @returns edges by client, server and connection
 * Source: opentelemetry-collector-contrib connector/servicegraphconnector/README.md; OpenTelemetry semantic conventions
 * 1.3x for database, messaging and peer attributes.
 */
export function serviceGraph(blocks: Iterable<SpanBlock>, budget: QueryBudget): ServiceEdge[] {
  const graph = new ServiceGraphBuilder()
  for (const block of blocks) {
    budget.check()
    graph.add(block)
  }
  return graph.finish()
}

/** Takes the blocks of a scan one after the other, in any order of time. */
export class ServiceGraphBuilder {
  readonly #clients = new Map<string, Side>()
  /** Several servers may answer one call: a message has many consumers. */
  readonly #servers = new Map<string, Side[]>()
  /** Clients that have met a server. */
  readonly #met = new Map<string, Side>()
  readonly #tallies = new Map<string, Tally>()
  readonly #names = new ServiceNames()
  readonly #view = new SpanView()

  add({ columns, rows, origins }: SpanBlock): void {
    const view = this.#view
    for (const row of rows) {
      const kind = columns.kinds[row] as number
      view.moveTo(columns, origins, row)
      if (kind === KIND.client || kind === KIND.producer) this.#addClient(kind)
      else if (kind === KIND.server || kind === KIND.consumer) this.#addServer(kind)
    }
  }

  finish(): ServiceEdge[] {
    for (const client of this.#clients.values()) this.#countAlone(client)
    this.#clients.clear()
    return [...this.#tallies.values()]
      .map(({ clientTimes, serverTimes, ...edge }) => ({
        ...edge,
        clientSeconds: clientTimes.latency(),
        serverSeconds: serverTimes.latency(),
      }))
      .sort((a, b) => compareTexts(edgeKey(a), edgeKey(b)))
  }

  #addClient(kind: number): void {
    const view = this.#view
    const { columns } = view
    const key = spanKey(columns.traceIds, columns.spanIds, view.row)
    const client = this.#side(kind)
    const servers = this.#servers.get(key)
    if (servers === undefined) {
      this.#clients.set(key, client)
      this.#evict()
      return
    }
    this.#servers.delete(key)
    this.#meet(key, client)
    for (const server of servers) this.#countPair(client, server)
  }

  /** A server's parent is its client; Zipkin's servers share the id of their client instead. */
  #addServer(kind: number): void {
    const { columns, row } = this.#view
    if (isZero(columns.parentSpanIds, row * 8, row * 8 + 8)) return
    const server = this.#side(kind)
    const key = spanKey(columns.traceIds, columns.parentSpanIds, row)
    const shared = spanKey(columns.traceIds, columns.spanIds, row)
    for (const one of [shared, key]) {
      const client = this.#clients.get(one) ?? this.#met.get(one)
      if (client === undefined) continue
      this.#clients.delete(one)
      this.#meet(one, client)
      this.#countPair(client, server)
      return
    }
    const waiting = this.#servers.get(key)
    if (waiting === undefined) this.#servers.set(key, [server])
    else waiting.push(server)
    this.#evict()
  }

  #meet(key: string, client: Side): void {
    this.#met.set(key, client)
    if (this.#met.size > PENDING_MAX) this.#met.delete(this.#met.keys().next().value as string)
  }

  #evict(): void {
    if (this.#servers.size > PENDING_MAX) this.#servers.delete(this.#servers.keys().next().value as string)
    if (this.#clients.size <= PENDING_MAX) return
    const [key, client] = this.#clients.entries().next().value as [string, Side]
    this.#clients.delete(key)
    this.#countAlone(client)
  }

  #side(kind: number): Side {
    const view = this.#view
    const isMessaging = kind === KIND.producer || kind === KIND.consumer
    const isDatabase = kind === KIND.client && readDatabase(view) !== ''
    const peer = isMessaging ? readMessaging(view) : isDatabase ? readDatabaseName(view) : readPeer(view)
    return {
      service: this.#names.of(view.origin),
      seconds: view.durationNs / 1e9,
      isFailed: view.statusCode === STATUS_ERROR,
      isMessaging,
      peer,
      connection: isMessaging ? 'messaging' : isDatabase ? 'database' : 'external',
    }
  }

  #countPair(client: Side, server: Side): void {
    const connection = client.isMessaging || server.isMessaging ? 'messaging' : 'call'
    const tally = this.#tally(client.service, server.service, connection)
    tally.calls++
    if (client.isFailed || server.isFailed) tally.failed++
    tally.clientTimes.add(client.seconds)
    tally.serverTimes.add(server.seconds)
  }

  #countAlone({ service, peer, connection, isFailed, seconds }: Side): void {
    if (peer === '') return
    const tally = this.#tally(service, peer, connection)
    tally.calls++
    if (isFailed) tally.failed++
    tally.clientTimes.add(seconds)
  }

  #tally(client: string, server: string, connection: Connection): Tally {
    const key = edgeKey({ client, server, connection })
    let tally = this.#tallies.get(key)
    if (tally === undefined) {
      tally = { client, server, connection, calls: 0, failed: 0, clientTimes: new Times(), serverTimes: new Times() }
      this.#tallies.set(key, tally)
    }
    return tally
  }
}

function edgeKey({ client, server, connection }: Pick<ServiceEdge, 'client' | 'server' | 'connection'>): string {
  return `${client}\n${server}\n${connection}`
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Durations of which only sum and quantiles are wanted. */
export class Times {
  #sum = 0
  #count = 0
  readonly #sketch = new QuantileSketch()

  add(seconds: number): void {
    this.#sum += seconds
    this.#count++
    this.#sketch.add(seconds)
  }

  latency(): Latency {
    const [p50, p95, p99] = this.#sketch.quantiles([0.5, 0.95, 0.99]) as [number, number, number]
    return { sum: this.#count === 0 ? Number.NaN : this.#sum, p50, p95, p99 }
  }
}
