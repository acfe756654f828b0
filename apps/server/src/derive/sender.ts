import { attribute, type CompiledMatcher, type Origin, type SpanBatch, serviceOf, valueText } from '@vantage/model'

/** Whom metrics of spans name. */
export interface Sender {
  readonly service: string
  /** `service.namespace`; '' = none. */
  readonly namespace: string
  /** Of both. */
  readonly key: string
}

/** The sender of each origin of a batch. */
export function sendersOf(batch: SpanBatch): Sender[] {
  return Array.from({ length: batch.originCount }, (_, origin) => senderOf(batch.originOf(origin)))
}

function senderOf(origin: Origin): Sender {
  const namespace = attribute(origin.resource, 'service.namespace')
  return senderNamed(serviceOf(origin), namespace === undefined ? '' : valueText(namespace))
}

export function senderNamed(service: string, namespace: string): Sender {
  return { service, namespace, key: `${namespace}\n${service}` }
}

/** Labels of a sender, by the names that streams of logs have. */
const NAMES: Readonly<Record<string, 'service' | 'namespace'>> = {
  service_name: 'service',
  service_namespace: 'namespace',
}

/** True for senders that all matchers take; matchers of other labels take nobody: what they select is not known here. */
export function takesSender(matchers: readonly CompiledMatcher[], sender: Sender): boolean {
  return matchers.every((one) => {
    const key = NAMES[one.matcher.name]
    return key !== undefined && one.matches(sender[key])
  })
}
