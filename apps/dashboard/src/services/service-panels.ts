import type { Panel, PanelQuery } from '@vantage/model/dashboards'
import { latencyQueries, quoted, requestsQueries } from './service-queries.ts'

const ROWS = 200
const NO_REQUESTS = 'No requests in this time.'

const query = (
  language: PanelQuery['language'],
  text: string,
  legend = '',
  tone: PanelQuery['tone'] = 'neutral',
): PanelQuery => ({ language, text, legend, tone })

/** Requests by which a service was entered, in buckets of how long they took. */
function latencyBuckets(service: string, window: string): string {
  const matchers = `span_kind=~"SPAN_KIND_(SERVER|CONSUMER)",service=${quoted(service)}`
  return `sum by (le) (increase(traces_spanmetrics_latency_bucket{${matchers}}[${window}]))`
}

function latencyHeatmap(service: string, place: Panel['place'], more = ''): Panel {
  return {
    id: 'distribution',
    kind: 'heatmap',
    title: 'Latency over time',
    description: `Of the requests by which it was entered.${more}`,
    empty: NO_REQUESTS,
    place,
    unit: 'seconds',
    queries: [query('promql', latencyBuckets(service, '$step'))],
  }
}

/** What a service does over time: how requests end, how long they take, what is written meanwhile. */
export function overviewPanels(service: string): readonly Panel[] {
  const { ok, failed } = requestsQueries(service)
  const quantiles = Object.entries(latencyQueries(service))
  return [
    {
      id: 'requests',
      kind: 'time-series',
      title: 'Requests by how they ended',
      description: '',
      empty: NO_REQUESTS,
      place: { x: 0, y: 0, width: 12, height: 7 },
      unit: 'per-second',
      draw: 'stacked',
      queries: [query('promql', failed, 'failed', 'critical'), query('promql', ok, 'ok')],
    },
    {
      id: 'latency',
      kind: 'time-series',
      title: 'Latency',
      description: '',
      empty: NO_REQUESTS,
      place: { x: 12, y: 0, width: 12, height: 7 },
      unit: 'seconds',
      draw: 'line',
      queries: quantiles.map(([name, text]) => query('promql', text, name)),
    },
    latencyHeatmap(service, { x: 0, y: 7, width: 12, height: 6 }, ' Drag over some of them to explain them.'),
    volumePanel(service, { x: 12, y: 7, width: 12, height: 6 }),
  ]
}

/** Lines by level, the most severe at the baseline. */
function volumePanel(service: string, place: Panel['place']): Panel {
  const count = (matcher: string) =>
    `sum by (detected_level) (count_over_time({service_name=${quoted(service)}} | detected_level${matcher} [$step]))`
  return {
    id: 'volume',
    kind: 'time-series',
    title: 'Log lines by level',
    description: 'Of each step of the chart.',
    empty: 'No lines in this time.',
    place,
    unit: 'none',
    draw: 'stacked',
    queries: [
      query('logql', count('=~"fatal|critical|error"'), '{{detected_level}}', 'critical'),
      query('logql', count('=~"warn|warning"'), '{{detected_level}}', 'warning'),
      query('logql', count('!~"fatal|critical|error|warn|warning"'), '{{detected_level}}'),
    ],
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
      empty: NO_REQUESTS,
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
        empty: which === 'newest' ? 'No traces in this time.' : 'None in this time.',
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
    volumePanel(service, { x: 0, y: 0, width: 24, height: 6 }),
    {
      id: 'lines',
      kind: 'logs',
      title: 'Newest lines',
      description: '',
      empty: 'No lines in this time.',
      place: { x: 0, y: 6, width: 24, height: 14 },
      unit: 'none',
      rows: ROWS,
      queries: [query('logql', lines)],
    },
  ]
}
