import { Activity, Boxes, Bug, Compass, House, LayoutDashboard, PlugZap, Server, Waypoints } from 'lucide-react'
import type { ComponentType } from 'react'
import { onDemand } from './on-demand.tsx'
import { pathPart } from './router.ts'

export interface Route {
  /** A part that begins with `:` stands for any text. */
  readonly path: string
  readonly title: string
  /** The second part of its path is the name of what it shows. */
  readonly isNamed?: true
  /** Before the title in the breadcrumb. */
  readonly group: string | undefined
  /** Its place in the rail; undefined for screens that others lead to. */
  readonly rail: string | undefined
  /** The heading that it stands under there. */
  readonly section?: 'Observe' | 'Platform'
  readonly keys: string | undefined
  readonly icon: ComponentType<{ className?: string; 'aria-hidden'?: 'true' }>
  readonly page: ComponentType
  /** True where the page draws the range of the time control. */
  readonly hasTime: boolean
}

/** Every screen, in the order of the rail. */
export const ROUTES: readonly Route[] = [
  {
    path: '/',
    title: 'Home',
    group: undefined,
    rail: 'Home',
    keys: 'g h',
    icon: House,
    page: onDemand(() => import('../home/page.tsx')),
    hasTime: true,
  },
  {
    path: '/live',
    title: 'Live',
    group: undefined,
    rail: 'Live',
    keys: 'g l',
    icon: Activity,
    page: onDemand(() => import('../live/page.tsx')),
    hasTime: false,
  },
  {
    path: '/services',
    title: 'Services',
    group: 'Observe',
    rail: 'Services',
    section: 'Observe',
    keys: 'g s',
    icon: Boxes,
    page: onDemand(() => import('../services/page.tsx')),
    hasTime: true,
  },
  {
    path: '/services/:name',
    title: 'Service',
    isNamed: true,
    group: 'Observe',
    rail: undefined,
    keys: undefined,
    icon: Boxes,
    page: onDemand(() => import('../services/service-page.tsx')),
    hasTime: true,
  },
  {
    path: '/services/:name/:tab',
    title: 'Service',
    isNamed: true,
    group: 'Observe',
    rail: undefined,
    keys: undefined,
    icon: Boxes,
    page: onDemand(() => import('../services/service-page.tsx')),
    hasTime: true,
  },
  {
    path: '/hosts',
    title: 'Hosts',
    group: 'Observe',
    rail: 'Hosts',
    section: 'Observe',
    keys: 'g o',
    icon: Server,
    page: onDemand(() => import('../hosts/page.tsx')),
    hasTime: true,
  },
  {
    path: '/hosts/:name',
    title: 'Host',
    isNamed: true,
    group: 'Observe',
    rail: undefined,
    keys: undefined,
    icon: Server,
    page: onDemand(() => import('../hosts/host-page.tsx')),
    hasTime: true,
  },
  {
    path: '/exceptions',
    title: 'Exceptions',
    group: 'Observe',
    rail: 'Exceptions',
    section: 'Observe',
    keys: 'g x',
    icon: Bug,
    page: onDemand(() => import('../exceptions/page.tsx')),
    hasTime: true,
  },
  {
    path: '/exceptions/:fingerprint',
    title: 'Exception',
    group: 'Observe',
    rail: undefined,
    keys: undefined,
    icon: Bug,
    page: onDemand(() => import('../exceptions/exception-page.tsx')),
    hasTime: true,
  },
  {
    path: '/map',
    title: 'Service map',
    group: undefined,
    rail: 'Service map',
    section: 'Observe',
    keys: 'g m',
    icon: Waypoints,
    page: onDemand(() => import('../map/page.tsx')),
    hasTime: true,
  },
  {
    path: '/explore/metrics',
    title: 'Metrics',
    group: 'Explore',
    rail: 'Explore',
    section: 'Observe',
    keys: 'g e',
    icon: Compass,
    page: onDemand(() => import('../explore/page.tsx')),
    hasTime: true,
  },
  {
    path: '/explore/logs',
    title: 'Logs',
    group: 'Explore',
    rail: undefined,
    keys: undefined,
    icon: Compass,
    page: onDemand(() => import('../logs/page.tsx')),
    hasTime: true,
  },
  {
    path: '/explore/traces',
    title: 'Traces',
    group: 'Explore',
    rail: undefined,
    keys: undefined,
    icon: Compass,
    page: onDemand(() => import('../traces/page.tsx')),
    hasTime: true,
  },
  {
    path: '/explore/split',
    title: 'Split',
    group: 'Explore',
    rail: undefined,
    keys: undefined,
    icon: Compass,
    page: onDemand(() => import('../explore/split-page.tsx')),
    hasTime: true,
  },
  {
    path: '/trace/:id',
    title: 'Trace',
    group: 'Explore',
    rail: undefined,
    keys: undefined,
    icon: Compass,
    page: onDemand(() => import('../traces/trace-page.tsx')),
    hasTime: false,
  },
  {
    path: '/trace/:id/compare/:other',
    title: 'Compare',
    group: 'Explore',
    rail: undefined,
    keys: undefined,
    icon: Compass,
    page: onDemand(() => import('../traces/compare-page.tsx')),
    hasTime: false,
  },
  {
    path: '/dashboards',
    title: 'Dashboards',
    group: undefined,
    rail: 'Dashboards',
    section: 'Observe',
    keys: 'g d',
    icon: LayoutDashboard,
    page: onDemand(() => import('../dashboards/page.tsx')),
    hasTime: false,
  },
  {
    path: '/d/:id',
    title: 'Dashboard',
    group: 'Dashboards',
    rail: undefined,
    keys: undefined,
    icon: LayoutDashboard,
    page: onDemand(() => import('../dashboards/dashboard-page.tsx')),
    hasTime: true,
  },
  {
    path: '/d/:id/:slug',
    title: 'Dashboard',
    group: 'Dashboards',
    rail: undefined,
    keys: undefined,
    icon: LayoutDashboard,
    page: onDemand(() => import('../dashboards/dashboard-page.tsx')),
    hasTime: true,
  },
  {
    path: '/setup',
    title: 'Get data in',
    group: undefined,
    rail: 'Get data in',
    section: 'Platform',
    keys: 'g i',
    icon: PlugZap,
    page: onDemand(() => import('../setup/page.tsx')),
    hasTime: false,
  },
]

export function routeOf(path: string): Route | undefined {
  const clean = path.length > 1 ? path.replace(/\/+$/, '') : path
  const parts = clean.split('/')
  return ROUTES.find(({ path: wanted }) => {
    const own = wanted.split('/')
    return (
      own.length === parts.length && own.every((part, i) => part === parts[i] || (part[0] === ':' && parts[i] !== ''))
    )
  })
}

/** What a screen is called: a service or a host by its name. */
export function titleOf(route: Route | undefined, path: string): string {
  if (route === undefined) return 'Not found'
  return route.isNamed === true ? pathPart(path, 2) : route.title
}

/** The place in the rail that a screen belongs to: its own, that of its address, else that of its group. */
export function railOf(current: Route | undefined): Route | undefined {
  if (current === undefined || current.rail !== undefined) return current
  const rail = ROUTES.filter((route) => route.rail !== undefined)
  const segment = (path: string) => path.split('/')[1]
  return (
    rail.find(({ path }) => segment(path) === segment(current.path)) ??
    rail.find(({ group, rail: name }) => current.group !== undefined && (group ?? name) === current.group)
  )
}
