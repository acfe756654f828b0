import { attribute, type CompiledMatcher, type Origin, serviceOf, valueText } from '@vantage/model'

/** Whom metrics of spans name. */
export interface Sender {
  readonly service: string
  /** '' = none. */
  readonly namespace: string
}

export function senderOf(origin: Origin): Sender {
  const namespace = attribute(origin.resource, 'service.namespace')
  return { service: serviceOf(origin), namespace: namespace === undefined ? '' : valueText(namespace) }
}

/** Labels of a sender, by the names that streams of logs have. */
const NAMES: Readonly<Record<string, keyof Sender>> = { service_name: 'service', service_namespace: 'namespace' }

/** True for senders that all matchers take; matchers of other labels take nobody: what they select is not known here. */
export function takesSender(matchers: readonly CompiledMatcher[], sender: Sender): boolean {
  return matchers.every((one) => {
    const key = NAMES[one.matcher.name]
    return key !== undefined && one.matches(sender[key])
  })
}
