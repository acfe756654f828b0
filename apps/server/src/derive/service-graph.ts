import type { SeriesToWrite } from '@vantage/decode/remote-write'
import {
  AttributeCursor,
  decodeValue,
  isBytes,
  type MetricMetadata,
  nextAttribute,
  type SpanBatch,
  valueText,
} from '@vantage/model'
import { CallTable } from './call-table.ts'
import { CumulativeHistogram, sampleOf } from './cumulative.ts'
import { type Sender, senderNamed, sendersOf } from './sender.ts'
import { endMsOf, secondsOf, type TimeHalves, timeHalves } from './span-times.ts'

/** A half of a call waits so long for the other half. Source: grafana/tempo service-graphs processor, `wait`. */
const WAIT_MS = 10_000
const WAITING_MAX = 50_000
const EDGES_MAX = 5_000

const SERVER = 2
const CLIENT = 3
const PRODUCER = 4
const CONSUMER = 5
const ERROR = 2

/** Attributes that name what a client span called where no server span tells. Source: OpenTelemetry semantic conventions. */
const PEERS = [
  'peer.service',
  'db.name',
  'db.system.name',
  'db.system',
  'messaging.system',
  'server.address',
  'net.peer.name',
].map((name) => Buffer.from(name))
/** Places of those among them that a database has. */
const DATABASES = [2, 3]

interface Half {
  readonly sender: Sender
  readonly seconds: number
  readonly isFailed: boolean
  readonly endMs: number
  /** Of a client: whom it says it calls, and whether that is a database. */
  readonly peer: string
  readonly connectionType: string
  readonly isClient: boolean
  readonly sinceMs: number
}

interface Edge {
  readonly client: Sender
  readonly server: Sender
  readonly labels: Readonly<Record<string, string>>
  requests: number
  failed: number
  readonly serverTimes: CumulativeHistogram
  readonly clientTimes: CumulativeHistogram
}

/**
 * Who calls whom, from pairs of a client's and a server's span (or a producer's and a consumer's), and from client spans
 * that nobody answers: databases and services elsewhere. Metrics by the names that Tempo and Grafana's service map use.
 * Owner: one tenant.
 */
export class ServiceGraph {
  /** By trace and client span. */
  readonly #waiting: CallTable<Half>
  readonly #edges = new Map<string, Edge>()
  readonly #peers = new PeerScan()

  /** @param seed see `CallTable` */
  constructor(seed: number) {
    this.#waiting = new CallTable(WAITING_MAX, seed)
  }

  /** @param senders of the batch's origins */
  add(batch: SpanBatch, nowMs: number, senders: readonly Sender[] = sendersOf(batch)): void {
    const { columns } = batch
    const times = timeHalves(batch)
    const traces = wordsOf(columns.traceIds)
    const spans = wordsOf(columns.spanIds)
    const parents = wordsOf(columns.parentSpanIds)
    for (let row = 0; row < columns.count; row++) {
      const kind = columns.kinds[row] as number
      if (kind < SERVER || kind > CONSUMER) continue
      const isClient = kind === CLIENT || kind === PRODUCER
      if (!isClient && parents[row * 2] === 0 && parents[row * 2 + 1] === 0) continue
      const ids = isClient ? spans : parents
      const waiting = this.#waiting.find(traces, ids, row)
      // Fast path: nobody waits for it, and there is no room to wait.
      if (waiting < 0 && this.#waiting.isFull) continue
      const half = this.#halfOf(batch, times, row, isClient, senders[columns.origins[row] as number] as Sender, nowMs)
      if (waiting < 0) this.#waiting.add(traces, ids, row, half)
      else this.#meet(waiting, half)
    }
  }

  /** What was counted of calls with one of them is over. */
  forget(isGone: (sender: Sender) => boolean): void {
    for (const [key, { client, server }] of this.#edges) {
      if (isGone(client) || isGone(server)) this.#edges.delete(key)
    }
    for (const entry of this.#waiting.entries()) {
      if (isGone(this.#waiting.valueOf(entry).sender)) this.#waiting.remove(entry)
    }
  }

  /** States everything as of now; halves that waited in vain end. */
  series(nowMs: number): SeriesToWrite[] {
    for (const entry of this.#waiting.entries()) {
      const half = this.#waiting.valueOf(entry)
      if (half.sinceMs > nowMs - WAIT_MS) break
      if (half.isClient && half.peer !== '') this.#count(entry, half, undefined)
      this.#waiting.remove(entry)
    }
    const out: SeriesToWrite[] = []
    for (const { labels, requests, failed, serverTimes, clientTimes } of this.#edges.values()) {
      out.push(sampleOf('traces_service_graph_request_total', labels, requests, nowMs))
      out.push(sampleOf('traces_service_graph_request_failed_total', labels, failed, nowMs))
      out.push(...serverTimes.series('traces_service_graph_request_server_seconds', labels, nowMs))
      out.push(...clientTimes.series('traces_service_graph_request_client_seconds', labels, nowMs))
    }
    return out
  }

  #halfOf(
    { columns }: SpanBatch,
    times: TimeHalves,
    row: number,
    isClient: boolean,
    sender: Sender,
    nowMs: number,
  ): Half {
    const { bytes, from, to } = columns.attributes
    const kind = columns.kinds[row] as number
    const isMessaging = kind === PRODUCER || kind === CONSUMER
    if (isClient) this.#peers.read(bytes, from[row] as number, to[row] as number)
    return {
      sender,
      seconds: secondsOf(times, row),
      isFailed: columns.statusCodes[row] === ERROR,
      endMs: endMsOf(times, row),
      peer: isClient ? this.#peers.name(bytes) : '',
      connectionType: isMessaging ? 'messaging_system' : isClient && this.#peers.isDatabase ? 'database' : '',
      isClient,
      sinceMs: nowMs,
    }
  }

  #meet(waiting: number, half: Half): void {
    const other = this.#waiting.valueOf(waiting)
    if (other.isClient === half.isClient) {
      this.#waiting.replace(waiting, half)
      return
    }
    const [client, server] = half.isClient ? [half, other] : [other, half]
    this.#count(waiting, client, server)
    this.#waiting.remove(waiting)
  }

  /** @param entry of the half that waited */
  #count(entry: number, client: Half, server: Half | undefined): void {
    const called = server?.sender ?? senderNamed(client.peer, '')
    const edge = this.#edgeOf(client.sender, called, client.connectionType)
    if (edge === undefined) return
    edge.requests++
    if (client.isFailed || server?.isFailed === true) edge.failed++
    for (const [histogram, { seconds }] of [
      [edge.clientTimes, client],
      [edge.serverTimes, server ?? client],
    ] as const) {
      if (histogram.add(seconds)) histogram.keepExemplar(seconds, this.#waiting.ids(entry), client.endMs)
    }
  }

  #edgeOf(client: Sender, server: Sender, connectionType: string): Edge | undefined {
    const key = `${client.key}\n${server.key}\n${connectionType}`
    let edge = this.#edges.get(key)
    if (edge === undefined && this.#edges.size < EDGES_MAX) {
      edge = {
        client,
        server,
        labels: {
          client: client.service,
          server: server.service,
          connection_type: connectionType,
          client_service_namespace: client.namespace,
          server_service_namespace: server.namespace,
        },
        requests: 0,
        failed: 0,
        serverTimes: new CumulativeHistogram(),
        clientTimes: new CumulativeHistogram(),
      }
      this.#edges.set(key, edge)
    }
    return edge
  }
}

/** Places in `PEERS` by the length of the name: most keys have none of these lengths. */
const PEERS_BY_LENGTH: readonly (readonly number[])[] = Array.from(
  { length: Math.max(...PEERS.map(({ length }) => length)) + 1 },
  (_, length) => PEERS.flatMap((name, i) => (name.length === length ? [i] : [])),
)
const NONE: readonly number[] = []
/** Names that are remembered: texts of the same few peers come again and again. */
const PEER_NAMES_MAX = 1_000

/** Finds the attributes of one span that name what it called, without decoding the others. */
class PeerScan {
  readonly #cursor = new AttributeCursor()
  /** Of each of `PEERS`, the range of its value; of a repeated key the last. */
  readonly #from = new Int32Array(PEERS.length)
  readonly #to = new Int32Array(PEERS.length)
  /** By the hash of their values. */
  readonly #names = new Map<number, { readonly value: Uint8Array; readonly name: string }>()

  read(bytes: Uint8Array, from: number, to: number): void {
    this.#from.fill(-1)
    const cursor = this.#cursor
    cursor.reset(bytes, from, to)
    while (nextAttribute(cursor)) {
      for (const i of PEERS_BY_LENGTH[cursor.keyTo - cursor.keyFrom] ?? NONE) {
        if (!isBytes(bytes, cursor.keyFrom, cursor.keyTo, PEERS[i] as Buffer)) continue
        this.#from[i] = cursor.valueFrom
        this.#to[i] = cursor.valueTo
      }
    }
  }

  get isDatabase(): boolean {
    return DATABASES.some((i) => (this.#from[i] as number) >= 0)
  }

  /** @param bytes as `read` had them */
  name(bytes: Uint8Array): string {
    const found = this.#from.findIndex((from) => from >= 0)
    if (found < 0) return ''
    const from = this.#from[found] as number
    const to = this.#to[found] as number
    let hash = 0
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
    const known = this.#names.get(hash)
    if (known !== undefined && isBytes(bytes, from, to, known.value)) return known.name
    const name = valueText(decodeValue(bytes, from, to))
    if (this.#names.size >= PEER_NAMES_MAX) this.#names.clear()
    this.#names.set(hash, { value: bytes.slice(from, to), name })
    return name
  }
}

/** Ids of a batch's column, which begins at a whole word. */
function wordsOf({ buffer, byteOffset, byteLength }: Uint8Array): Int32Array {
  return new Int32Array(buffer, byteOffset, byteLength >> 2)
}

export const SERVICE_GRAPH_METADATA: readonly MetricMetadata[] = [
  { metric: 'traces_service_graph_request_total', type: 'counter', unit: '', help: 'Calls between two services.' },
  { metric: 'traces_service_graph_request_failed_total', type: 'counter', unit: '', help: 'Calls that failed.' },
  {
    metric: 'traces_service_graph_request_server_seconds',
    type: 'histogram',
    unit: 's',
    help: 'Durations of calls as the server saw them.',
  },
  {
    metric: 'traces_service_graph_request_client_seconds',
    type: 'histogram',
    unit: 's',
    help: 'Durations of calls as the client saw them.',
  },
]
