import type { ClientFault, MetricInfo } from '@vantage/api/client'
import { create } from 'zustand'
import { client } from '../app/client.ts'
import { askOpenly } from '../app/open-questions.ts'

/** One entry of the metric browser. A classic histogram is one entry, not its three series. */
export interface CatalogueMetric {
  readonly name: string
  readonly type: string
  readonly unit: string
  readonly help: string
}

export interface Catalogue {
  readonly state: 'unknown' | 'loading' | 'ready' | 'failed'
  /** Why the names could not be read. */
  readonly fault: ClientFault | undefined
  readonly metrics: readonly CatalogueMetric[]
  /** Every name that can be queried, histogram parts included. */
  readonly names: readonly string[]
}

export const useCatalogue = create<Catalogue>(() => ({ state: 'unknown', fault: undefined, metrics: [], names: [] }))

/** Metrics of the platform about itself; they do not count as data of the user. */
export const OWN_PREFIX = 'vantage_'

/** Asks for names and metadata; what was known stays until the answer. */
export function loadCatalogue(): void {
  if (useCatalogue.getState().state === 'loading') return
  useCatalogue.setState({ state: 'loading' })
  askOpenly(
    (signal) => Promise.all([client.labelValues('__name__', signal), client.metadata(signal)]),
    ([names, metadata]) => {
      if (!names.ok) {
        useCatalogue.setState({ state: 'failed', fault: names.error })
        return
      }
      const known = metadata.ok ? metadata.value : []
      useCatalogue.setState({
        state: 'ready',
        fault: undefined,
        names: names.value,
        metrics: catalogueOf(names.value, known),
      })
    },
  )
}

/** Joins names with metadata and folds `x_bucket`, `x_sum`, `x_count` of a histogram or summary into `x`. */
export function catalogueOf(names: readonly string[], metadata: readonly MetricInfo[]): CatalogueMetric[] {
  const byName = new Map(metadata.map((one) => [one.metric, one]))
  const exists = new Set(names)
  const out = new Map<string, CatalogueMetric>()
  for (const name of names) {
    const stem = name.replace(/_(bucket|sum|count)$/, '')
    const isPart = stem !== name && exists.has(`${stem}_count`) && exists.has(`${stem}_sum`)
    const isClassic = isPart && exists.has(`${stem}_bucket`)
    const key = isPart ? stem : name
    if (out.has(key)) continue
    const info = byName.get(key) ?? byName.get(name) ?? byName.get(name.replace(/_total$/, ''))
    const fallback = isClassic ? 'histogram' : isPart ? 'summary' : name.endsWith('_total') ? 'counter' : 'unknown'
    const declared = info?.type ?? 'unknown'
    out.set(key, {
      name: key,
      type: declared === 'unknown' ? fallback : declared,
      unit: info?.unit ?? '',
      help: info?.help ?? '',
    })
  }
  return [...out.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Metrics whose name, help or unit holds every word of `search`; names that start with it come first. */
export function searchCatalogue(metrics: readonly CatalogueMetric[], search: string): CatalogueMetric[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const found = metrics.filter((metric) => {
    const text = `${metric.name} ${metric.help} ${metric.type} ${metric.unit}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
  const first = words[0] ?? ''
  return found.sort((a, b) => Number(b.name.startsWith(first)) - Number(a.name.startsWith(first)))
}
