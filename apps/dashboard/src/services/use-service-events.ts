import type { ChangeEvent } from '@vantage/api/client'
import { client } from '../app/client.ts'
import { type Asked, useAsked } from '../explore/use-asked.ts'
import { partKey, type ServicePartProps } from './service-tabs.ts'

const EVENTS_MAX = 20

/** The newest deploys and other changes of a service within the range. */
export function useServiceEvents(part: ServicePartProps): Asked<readonly ChangeEvent[]> {
  return useAsked(partKey(part), (signal) => client.events(part.range, part.service, EVENTS_MAX, signal))
}
