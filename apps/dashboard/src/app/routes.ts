import { Activity, Compass, PlugZap } from 'lucide-react'
import { type ComponentType, lazy } from 'react'

export interface Route {
  readonly path: string
  readonly title: string
  /** Before the title in the breadcrumb. */
  readonly group: string | undefined
  readonly rail: string
  readonly keys: string
  readonly icon: ComponentType<{ className?: string; 'aria-hidden'?: 'true' }>
  readonly page: ComponentType
  /** True where the page draws the range of the time control. */
  readonly hasTime: boolean
}

/** Every screen, in the order of the rail. */
export const ROUTES: readonly Route[] = [
  {
    path: '/live',
    title: 'Live',
    group: undefined,
    rail: 'Live',
    keys: 'g l',
    icon: Activity,
    page: lazy(() => import('../live/page.tsx')),
    hasTime: false,
  },
  {
    path: '/explore/metrics',
    title: 'Metrics',
    group: 'Explore',
    rail: 'Explore',
    keys: 'g e',
    icon: Compass,
    page: lazy(() => import('../explore/page.tsx')),
    hasTime: true,
  },
  {
    path: '/setup',
    title: 'Get data in',
    group: undefined,
    rail: 'Get data in',
    keys: 'g i',
    icon: PlugZap,
    page: lazy(() => import('../setup/page.tsx')),
    hasTime: false,
  },
]

export function routeOf(path: string): Route | undefined {
  const clean = path.length > 1 ? path.replace(/\/+$/, '') : path
  return ROUTES.find((route) => route.path === clean)
}
