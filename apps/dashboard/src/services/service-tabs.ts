import type { Zone } from '@vantage/charts'
import type { SteppedRange } from '../explore/range-steps.ts'

/** What every part of a service's page is about. */
export interface ServicePartProps {
  readonly service: string
  readonly range: SteppedRange
  readonly zone: Zone
}

/** For questions that depend on nothing else. */
export function partKey({ service, range }: ServicePartProps): string {
  return JSON.stringify([service, range])
}

/** The tabs of a service's page, in their order, with their titles; the first has no part in the address. */
export const SERVICE_TABS = {
  overview: 'Overview',
  operations: 'Operations',
  traces: 'Traces',
  logs: 'Logs',
  metrics: 'Metrics',
  dependencies: 'Dependencies',
  deploys: 'Deploys',
} as const
export type ServiceTab = keyof typeof SERVICE_TABS

/** The tab that a part of the address names; undefined where it names none. */
export function serviceTab(part: string): ServiceTab | undefined {
  if (part === '') return 'overview'
  return part !== 'overview' && Object.hasOwn(SERVICE_TABS, part) ? (part as ServiceTab) : undefined
}

export function tabPath(service: string, tab: ServiceTab): string {
  const path = `/services/${encodeURIComponent(service)}`
  return tab === 'overview' ? path : `${path}/${tab}`
}
