import type { AcceptedIntake, RecentIntake, RefusedIntake } from '@vantage/api/client'

/** One line per signal and receiver: what it took since the page was opened, and its newest first metric. */
export interface ReceiverLine {
  readonly signal: string
  readonly receiver: string
  readonly items: number
  readonly batches: number
  readonly lastMs: number
  readonly firstMetric: string | undefined
}

const NAMES: Readonly<Record<string, string>> = {
  'remote-write': 'Prometheus remote write',
  'otlp-http': 'OTLP over HTTP',
  'otlp-grpc': 'OTLP over gRPC',
  'json-batch': 'JSON batches',
  'loki-push': 'Loki push',
  'json-lines': 'Lines of JSON',
  events: 'Deploys and changes',
  zipkin: 'Zipkin',
  'jaeger-thrift': 'Jaeger over HTTP',
  'jaeger-grpc': 'Jaeger over gRPC',
}

const ITEM_NAMES: Readonly<Record<string, string>> = { logs: 'log rows', traces: 'spans' }

/** What the items of a signal are called. */
export function itemName(signal: string): string {
  return ITEM_NAMES[signal] ?? 'samples'
}

export function receiverName(receiver: string): string {
  return NAMES[receiver] ?? receiver
}

/** Groups accepted batches by receiver, the receiver that was heard last first. */
export function receiverLines(accepted: readonly AcceptedIntake[]): ReceiverLine[] {
  const lines = new Map<string, ReceiverLine>()
  for (const one of accepted) {
    const key = `${one.signal} ${one.receiver}`
    const former = lines.get(key)
    lines.set(key, {
      signal: one.signal,
      receiver: one.receiver,
      items: (former?.items ?? 0) + one.items,
      batches: (former?.batches ?? 0) + 1,
      lastMs: Math.max(former?.lastMs ?? 0, one.atMs),
      firstMetric: former?.firstMetric ?? one.firstMetric,
    })
  }
  return [...lines.values()].sort((a, b) => b.lastMs - a.lastMs)
}

/** Refusals of the same cause, joined; newest first. */
export function refusalLines(refused: readonly RefusedIntake[]): RefusedIntake[] {
  const lines = new Map<string, RefusedIntake>()
  for (const one of refused) {
    const key = `${one.receiver}\n${one.code}\n${one.message}`
    const former = lines.get(key)
    lines.set(key, former === undefined ? one : { ...former, count: former.count + one.count })
  }
  return [...lines.values()]
}

export function firstMetricOf(recent: RecentIntake): string | undefined {
  return recent.accepted.find((one) => one.firstMetric !== undefined)?.firstMetric
}
