import type { Fault, LineFilter, Matcher, NsRange, Result, TenantId } from '@vantage/model'

export const SIGNALS = ['metrics', 'logs', 'spans'] as const
export type SignalName = (typeof SIGNALS)[number]

/** What is to go: of each signal, what one of its matcher sets takes, over one time. */
export interface DeletionRequest extends NsRange {
  /** As the caller wrote it. */
  readonly text: string
  readonly sets: Readonly<Partial<Record<SignalName, readonly (readonly Matcher[])[]>>>
  /** Of log rows only those whose lines fulfil all of these; absent: whatever the lines are. */
  readonly lines?: readonly LineFilter[]
}

/** A deletion that has taken effect. */
export interface DeletionEntry extends NsRange {
  readonly id: string
  readonly text: string
  readonly signals: readonly SignalName[]
  readonly createdMs: number
  /** False while files still hold rows that nobody sees any more. */
  readonly isFinal: boolean
}

export interface Deletions {
  /** Deletes, of one signal after the other; durable and in force before it resolves. */
  run(tenant: TenantId, request: DeletionRequest): Promise<Result<DeletionEntry, Fault>>
  /** The last of the tenant, newest first. */
  list(tenant: TenantId): DeletionEntry[]
}

/** Every time that a row can have. */
export const EVER: NsRange = { startNs: -(2n ** 63n), endNs: 2n ** 63n - 1n }

/** All that senders of a `service.namespace` sent, and what was made of it: metrics of their spans and of their calls. */
export function setsOfNamespace(namespace: string): DeletionRequest['sets'] {
  const equal = (name: string): readonly Matcher[] => [{ name, op: '=', value: namespace }]
  const quoted = namespace.replaceAll(/[\\^$.|?*+()[\]{}]/g, '\\$&')
  const ofResource = [equal('service_namespace')]
  return {
    metrics: [
      ...ofResource,
      [{ name: 'job', op: '=~', value: `${quoted}/.+` }],
      equal('client_service_namespace'),
      equal('server_service_namespace'),
    ],
    logs: ofResource,
    spans: ofResource,
  }
}
