import { describeChoice, type TimeChoice } from '../time/time-expression.ts'

export interface PaletteItem {
  readonly id: string
  readonly group: 'Go to' | 'Action' | 'Time' | 'View' | 'Dashboard' | 'Service' | 'Trace' | 'Metric' | 'Query'
  readonly title: string
  readonly aside: string
  readonly run: () => void
}

/** Entries shown at once; typing narrows the rest. */
export const PALETTE_ITEMS_MAX = 40

/** Saved views, and dashboards, among them. */
const VIEWS_MAX = 10

export interface PaletteSources {
  readonly routes: readonly PaletteItem[]
  readonly actions: readonly PaletteItem[]
  readonly views: readonly PaletteItem[]
  readonly dashboards: readonly PaletteItem[]
  readonly serviceNames: readonly string[]
  readonly metricNames: readonly string[]
  readonly parseTime: (text: string) => TimeChoice | undefined
  readonly openService: (name: string) => void
  readonly openTrace: (traceId: string) => void
  readonly openMetric: (name: string) => void
  readonly openQuery: (text: string) => void
  readonly applyTime: (choice: TimeChoice) => void
}

/** What the palette lists for a text: routes, actions, a time, services, metrics, and the text itself as id or PromQL. */
export function paletteItems(text: string, sources: PaletteSources): PaletteItem[] {
  const trimmed = text.trim()
  const words = trimmed.toLowerCase().split(/\s+/).filter(Boolean)
  const matches = (title: string) => words.every((word) => title.toLowerCase().includes(word))
  const items = [...sources.routes, ...sources.actions].filter((item) => matches(item.title))
  for (const list of [sources.views, sources.dashboards]) {
    items.push(...list.filter((item) => matches(item.title)).slice(0, VIEWS_MAX))
  }
  if (trimmed === '') return items
  const choice = sources.parseTime(trimmed)
  if (choice !== undefined) {
    items.unshift({
      id: 'time',
      group: 'Time',
      title: describeChoice(choice),
      aside: 'set the range',
      run: () => sources.applyTime(choice),
    })
  }
  if (TRACE_ID.test(trimmed)) {
    const run = () => sources.openTrace(trimmed.toLowerCase())
    items.unshift({ id: 'trace', group: 'Trace', title: trimmed, aside: 'open the trace', run })
  }
  for (const name of sources.serviceNames) {
    if (items.length >= PALETTE_ITEMS_MAX - 1) break
    if (!matches(name)) continue
    items.push({
      id: `service ${name}`,
      group: 'Service',
      title: name,
      aside: '',
      run: () => sources.openService(name),
    })
  }
  for (const name of sources.metricNames) {
    if (items.length >= PALETTE_ITEMS_MAX - 1) break
    if (!matches(name)) continue
    const run = () => sources.openMetric(name)
    items.push({ id: `metric ${name}`, group: 'Metric', title: name, aside: 'explore', run })
  }
  if (looksLikePromql(trimmed)) {
    const run = () => sources.openQuery(trimmed)
    items.push({ id: 'query', group: 'Query', title: trimmed, aside: 'open in Explore', run })
  }
  return items
}

/** As OpenTelemetry and W3C write it. */
const TRACE_ID = /^[0-9a-f]{32}$/i

/** Enough to offer it; the parser of the server judges. */
function looksLikePromql(text: string): boolean {
  return /[{([]/.test(text) || /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(text)
}
