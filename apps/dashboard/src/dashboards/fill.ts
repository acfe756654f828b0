import type { DashboardVariable, Panel } from '@vantage/model/dashboards'
import type { SearchChange } from '../app/router.ts'
import type { SteppedRange } from '../explore/range-steps.ts'
import { rateWindowMs, spanText } from '../services/service-queries.ts'

/** Chosen values of each variable; an empty list means all. */
export type Choices = ReadonlyMap<string, readonly string[]>

/** Values that one variable may be narrowed to at once. */
export const CHOSEN_MAX = 50
/** What nothing chosen matches: every value there is. */
const ALL = '.+'

const paramOf = (name: string) => `var-${name}`

/** What the URL says of the variables of a dashboard. */
export function choicesOf(variables: readonly DashboardVariable[], params: URLSearchParams): Choices {
  return new Map(variables.map(({ name }) => [name, params.getAll(paramOf(name)).slice(0, CHOSEN_MAX)]))
}

export function choiceChange(name: string, values: readonly string[]): SearchChange {
  return { [paramOf(name)]: values }
}

/**
 * The text of a query with what is chosen: `$name` within a quoted string becomes a regular expression of the values,
 * `$window`, `$step` and `$range` become spans of time. Names that nobody knows stay as they are.
 */
export function filledText(text: string, choices: Choices, { startMs, endMs, stepMs }: SteppedRange): string {
  const spans: Readonly<Record<string, number>> = {
    window: rateWindowMs(stepMs),
    step: stepMs,
    range: endMs - startMs,
  }
  return text.replace(/\$([a-zA-Z_]\w*)/g, (whole, name: string) => {
    const span = Object.hasOwn(spans, name) ? spans[name] : undefined
    if (span !== undefined) return spanText(span)
    const chosen = choices.get(name)
    if (chosen === undefined) return whole
    return chosen.length === 0 ? ALL : JSON.stringify(chosen.map(literal).join('|')).slice(1, -1)
  })
}

export function filledPanel<P extends Panel>(panel: P, choices: Choices, range: SteppedRange): P {
  const queries = panel.queries.map((query) => ({ ...query, text: filledText(query.text, choices, range) }))
  return { ...panel, queries }
}

/** A regular expression that matches this text alone. */
export function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
