import type { Labels } from '@vantage/model'

/** Values of one series at the steps of a grid; `present[i]` is 0 where it has none. */
export interface StepSeries {
  readonly labels: Labels
  readonly values: Float64Array
  readonly present: Uint8Array
}

/** What a metric query comes to: a number for all steps, or series. */
export type StepValue =
  | { readonly kind: 'scalar'; readonly value: number }
  | { readonly kind: 'series'; readonly series: readonly StepSeries[] }

export function emptySeries(labels: Labels, steps: number): StepSeries {
  return { labels, values: new Float64Array(steps), present: new Uint8Array(steps) }
}

export function constantSeries(value: number, steps: number): StepSeries {
  return { labels: [], values: new Float64Array(steps).fill(value), present: new Uint8Array(steps).fill(1) }
}

/** The labels that are named, or all but those. Labels stay in their order. */
export function projected(labels: Labels, names: readonly string[], isWithout: boolean): Labels {
  const out: string[] = []
  for (let i = 0; i < labels.length; i += 2) {
    if (names.includes(labels[i] as string) !== isWithout) out.push(labels[i] as string, labels[i + 1] as string)
  }
  return out
}

export function hasPoints({ present }: StepSeries): boolean {
  return present.includes(1)
}
