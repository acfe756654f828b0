import type { ChangeEvent } from '@vantage/api/client'
import { pathPart } from '../app/router.ts'
import type { TimeChoice } from './time-expression.ts'

/** A deploy is looked for so far back. */
export const DEPLOY_LOOKBACK_MS = 30 * 86_400_000
export const DEPLOY_EVENTS_MAX = 100

/** The range since the last deploy, or why there is none. */
export type DeployPreset =
  | { readonly choice: TimeChoice; readonly title: string }
  | { readonly choice: undefined; readonly reason: string }

/** The service that a screen is about: its own page, or a dashboard narrowed to one; undefined = of any. */
export function serviceOnScreen(path: string, search: URLSearchParams): string | undefined {
  if (path.startsWith('/services/')) return pathPart(path, 2)
  const chosen = search.getAll('var-service')
  return path.startsWith('/d/') && chosen.length === 1 ? chosen[0] : undefined
}

/** @param events newest first; undefined while they are asked for */
export function deployPreset(
  events: readonly ChangeEvent[] | undefined,
  fault: string | undefined,
  service: string | undefined,
): DeployPreset {
  const of = service === undefined ? '' : ` of ${service}`
  if (events === undefined) {
    return {
      choice: undefined,
      reason: fault === undefined ? 'Looking for deploys …' : `Deploys are not known: ${fault}`,
    }
  }
  const last = events
    .filter(({ kind }) => kind === 'deploy')
    .reduce<ChangeEvent | undefined>(
      (newest, one) => (newest === undefined || one.timeMs > newest.timeMs ? one : newest),
      undefined,
    )
  if (last === undefined) return { choice: undefined, reason: `No deploy${of} is known in the last 30 days` }
  // Nanoseconds as milliseconds may lie a little below the whole ones that were sent.
  return { choice: { from: String(Math.round(last.timeMs)), to: 'now' }, title: `Since ${last.title}` }
}
