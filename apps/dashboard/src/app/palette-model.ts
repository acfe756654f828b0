import { describeChoice, type TimeChoice } from '../time/time-expression.ts'

export interface PaletteItem {
  readonly id: string
  readonly group: 'Go to' | 'Action' | 'Time' | 'Metric' | 'Query'
  readonly title: string
  readonly aside: string
  readonly run: () => void
}

/** Entries shown at once; typing narrows the rest. */
export const PALETTE_ITEMS_MAX = 40

export interface PaletteSources {
  readonly routes: readonly PaletteItem[]
  readonly actions: readonly PaletteItem[]
  readonly metricNames: readonly string[]
  readonly parseTime: (text: string) => TimeChoice | undefined
  readonly openMetric: (name: string) => void
  readonly openQuery: (text: string) => void
  readonly applyTime: (choice: TimeChoice) => void
}

/** What the palette lists for a text: routes, actions, a time range, metrics, and the text itself as PromQL. */
export function paletteItems(text: string, sources: PaletteSources): PaletteItem[] {
  const trimmed = text.trim()
  const words = trimmed.toLowerCase().split(/\s+/).filter(Boolean)
  const matches = (title: string) => words.every((word) => title.toLowerCase().includes(word))
  const items = [...sources.routes, ...sources.actions].filter((item) => matches(item.title))
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

/** Enough to offer it; the parser of the server judges. */
function looksLikePromql(text: string): boolean {
  return /[{([]/.test(text) || /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(text)
}
