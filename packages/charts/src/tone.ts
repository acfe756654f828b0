import type { Threshold, Tone } from '@vantage/model/dashboards'
import { type ChartTheme, slotColour } from './palette.ts'

/** The tone of a value by the last threshold that it reaches; neutral below all of them, and without a value. */
export function toneOf(value: number, thresholds: readonly Threshold[]): Tone {
  return thresholds.findLast(({ from }) => value >= from)?.tone ?? 'neutral'
}

/** Fill of a shape. What is neither good nor bad has the first colour of series. */
export function toneFill(theme: ChartTheme, tone: Tone): string {
  return { ok: theme.ok, warning: theme.warning, critical: theme.critical, neutral: slotColour(theme, 0) }[tone]
}
