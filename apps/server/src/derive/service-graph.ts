import type { SeriesToWrite } from '@vantage/decode/remote-write'
import {
  type Attributes,
  attribute,
  decodeAttributes,
  hexText,
  isZero,
  type MetricMetadata,
  type SpanBatch,
  valueText,
} from '@vantage/model'
import { CumulativeHistogram, sampleOf } from './cumulative.ts'
import { type Sender, senderOf } from './sender.ts'

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
]

interface Half {
  readonly sender: Sender
  readonly seconds: number
  readonly isFailed: boolean
  readonly traceId: string
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
  readonly #waiting = new Map<string, Half>()
  readonly #edges = new Map<string, Edge>()

  add(batch: SpanBatch, nowMs: number): void {
    const { columns } = batch
    for (let row = 0; row < columns.count; row++) {
      const kind = columns.kinds[row] as number
      if (kind < SERVER || kind > CONSUMER) continue
      const isClient = kind === CLIENT || kind === PRODUCER
      if (!isClient && isZero(columns.parentSpanIds, row * 8, row * 8 + 8)) continue
      const traceId = hexText(columns.traceIds, row * 16, row * 16 + 16)
      const ids = isClient ? columns.spanIds : columns.parentSpanIds
      const key = traceId + hexText(ids, row * 8, row * 8 + 8)
      this.#meet(key, this.#halfOf(batch, row, isClient, traceId, nowMs))
    }
  }

  /** What was counted of calls with one of them is over. */
  forget(isGone: (sender: Sender) => boolean): void {
    for (const [key, { client, server }] of this.#edges) {
      if (isGone(client) || isGone(server)) this.#edges.delete(key)
    }
    for (const [key, { sender }] of this.#waiting) if (isGone(sender)) this.#waiting.delete(key)
  }

  /** States everything as of now; halves that waited in vain end. */
  series(nowMs: number): SeriesToWrite[] {
    for (const [key, half] of this.#waiting) {
      if (half.sinceMs > nowMs - WAIT_MS) break
      this.#waiting.delete(key)
      if (half.isClient && half.peer !== '') this.#count(half, undefined)
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

  #halfOf(batch: SpanBatch, row: number, isClient: boolean, traceId: string, nowMs: number): Half {
    const { columns } = batch
    const { bytes, from, to } = columns.attributes
    const attributes = isClient ? decodeAttributes(bytes, from[row] as number, to[row] as number) : []
    const startNs = columns.startTimes[row] as bigint
    const endNs = columns.endTimes[row] as bigint
    return {
      sender: senderOf(batch.originOf(columns.origins[row] as number)),
      seconds: endNs > startNs ? Number(endNs - startNs) / 1e9 : 0,
      isFailed: columns.statusCodes[row] === ERROR,
      traceId,
      endMs: Number(endNs / 1_000_000n),
      peer: isClient ? peerOf(attributes) : '',
      connectionType: connectionOf(attributes, columns.kinds[row] as number),
      isClient,
      sinceMs: nowMs,
    }
  }

  #meet(key: string, half: Half): void {
    const other = this.#waiting.get(key)
    if (other === undefined || other.isClient === half.isClient) {
      if (this.#waiting.size < WAITING_MAX) this.#waiting.set(key, half)
      return
    }
    this.#waiting.delete(key)
    const [client, server] = half.isClient ? [half, other] : [other, half]
    this.#count(client, server)
  }

  #count(client: Half, server: Half | undefined): void {
    const edge = this.#edgeOf(
      client.sender,
      server?.sender ?? { service: client.peer, namespace: '' },
      client.connectionType,
    )
    if (edge === undefined) return
    edge.requests++
    if (client.isFailed || server?.isFailed === true) edge.failed++
    edge.clientTimes.add(client.seconds, client.traceId, client.endMs)
    edge.serverTimes.add(server?.seconds ?? client.seconds, client.traceId, client.endMs)
  }

  #edgeOf(client: Sender, server: Sender, connectionType: string): Edge | undefined {
    const key = [client.namespace, client.service, server.namespace, server.service, connectionType].join('\n')
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

function peerOf(attributes: Attributes): string {
  for (const key of PEERS) {
    const value = attribute(attributes, key)
    if (value !== undefined) return valueText(value)
  }
  return ''
}

function connectionOf(attributes: Attributes, kind: number): string {
  if (kind === PRODUCER || kind === CONSUMER) return 'messaging_system'
  return attribute(attributes, 'db.system.name') === undefined && attribute(attributes, 'db.system') === undefined
    ? ''
    : 'database'
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
