import type { Panel, PanelQuery } from '@vantage/model/dashboards'
import { quoted } from './service-queries.ts'

const ROWS = 200

const query = (language: PanelQuery['language'], text: string, legend = ''): PanelQuery => {
  return { language, text, legend, tone: 'neutral' }
}

/** Requests by which a service was entered, in buckets of how long they took. */
function latencyBuckets(service: string, window: string): string {
  const matchers = `span_kind=~"SPAN_KIND_(SERVER|CONSUMER)",service=${quoted(service)}`
  return `sum by (le) (increase(traces_spanmetrics_latency_bucket{${matchers}}[${window}]))`
}

export function latencyHeatmap(service: string, place: Panel['place']): Panel {
  return {
    id: 'distribution',
    kind: 'heatmap',
    title: 'Latency over time',
    description: 'Of the requests by which it was entered.',
    place,
    unit: 'seconds',
    queries: [query('promql', latencyBuckets(service, '$step'))],
  }
}

export function tracePanels(service: string): readonly Panel[] {
  const name = `resource.service.name = ${quoted(service)}`
  return [
    latencyHeatmap(service, { x: 0, y: 0, width: 14, height: 6 }),
    {
      id: 'durations',
      kind: 'histogram',
      title: 'Latency of the whole time',
      description: '',
      place: { x: 14, y: 0, width: 10, height: 6 },
      unit: 'seconds',
      queries: [query('promql', latencyBuckets(service, '$range'))],
    },
    ...(['newest', 'failed'] as const).map(
      (which, i): Panel => ({
        id: which,
        kind: 'traces',
        title: which === 'newest' ? 'Newest traces' : 'Newest traces that failed here',
        description: '',
        place: { x: i * 12, y: 6, width: 12, height: 12 },
        unit: 'none',
        rows: ROWS,
        queries: [query('traceql', which === 'newest' ? `{ ${name} }` : `{ ${name} && status = error }`)],
      }),
    ),
  ]
}

export function logPanels(service: string): readonly Panel[] {
  const lines = `{service_name=${quoted(service)}}`
  return [
    {
      id: 'volume',
      kind: 'time-series',
      title: 'Lines by level',
      description: '',
      place: { x: 0, y: 0, width: 24, height: 6 },
      unit: 'none',
      draw: 'bars',
      queries: [query('logql', `sum by (detected_level) (count_over_time(${lines} [$step]))`, '{{detected_level}}')],
    },
    {
      id: 'lines',
      kind: 'logs',
      title: 'Newest lines',
      description: '',
      place: { x: 0, y: 6, width: 24, height: 14 },
      unit: 'none',
      rows: ROWS,
      queries: [query('logql', lines)],
    },
  ]
}
