import type { Panel } from '@vantage/model/dashboards'
import type { Jump } from '../app/jump.ts'
import { ROW_REFS } from '../explore/explore-url.ts'

/** Where the queries of a panel are looked at further; undefined where no page of Explore takes them. */
export function exploreTarget(panel: Panel): Jump | undefined {
  const [first] = panel.queries
  if (first === undefined) return undefined
  if (panel.kind === 'logs') return { path: '/explore/logs', params: { q: first.text } }
  if (panel.kind === 'traces') return { path: '/explore/traces', params: { q: first.text } }
  const metrics = panel.queries.filter(({ language }) => language === 'promql').slice(0, ROW_REFS.length)
  if (metrics.length === 0) return undefined
  const params: Record<string, string> = {}
  metrics.forEach(({ text, legend }, i) => {
    const ref = ROW_REFS[i] as string
    params[ref] = text
    if (legend !== '') params[`${ref}.legend`] = legend
  })
  if (panel.kind === 'time-series' && panel.draw !== 'line') params['mode'] = panel.draw
  return { path: '/explore/metrics', params }
}
