import type { QueryAnswer } from '@vantage/api/client'
import type { TimeRange } from '@vantage/model'
import { trendBy } from '../services/service-model.ts'
import { HOST_FIGURES, type HostFigure, PROCESS_FIGURES, type ProcessFigure } from './host-queries.ts'

export type HostState = 'silent' | 'strained' | 'fine'

/** Figures of now; NaN where a host does not say. Shares are of 1. */
export type HostNow = Readonly<Record<HostFigure, number>>

export interface HostRow {
  readonly name: string
  /** `Linux 6.12 x86_64`; '' where unknown. */
  readonly system: string
  /** The name that it gives itself, where that is another. */
  readonly nodename: string
  readonly now: HostNow
  readonly state: HostState
  /** Processor over time, NaN where nothing is known. */
  readonly trend: readonly number[]
}

const STRAINED_CPU = 0.95
const STRAINED_MEMORY = 0.95
const STRAINED_DISK = 0.9
export const HOST_RULE =
  'Silent: it sent nothing in the last minutes. Strained: 95 % of processor or memory, or 90 % of a file system, are used.'

export function hostState({ cpu, memory, disk, cores }: HostNow): HostState {
  if (Number.isNaN(cpu) && Number.isNaN(memory) && Number.isNaN(cores)) return 'silent'
  return cpu >= STRAINED_CPU || memory >= STRAINED_MEMORY || disk >= STRAINED_DISK ? 'strained' : 'fine'
}

interface HostAnswers {
  readonly now: QueryAnswer | undefined
  readonly trend: QueryAnswer | undefined
  readonly facts: QueryAnswer | undefined
  readonly range: TimeRange
}

/** Every host that said something now or in the time that is shown. */
export function hostRows({ now, trend, facts, range }: HostAnswers): HostRow[] {
  const figures = figuresBy(now, ({ instance = '' }) => instance, HOST_FIGURES)
  const lines = trendBy(trend, 'instance', range)
  const about = new Map(
    (facts?.data.kind === 'vector' ? facts.data.samples : []).map(({ metric }) => [metric['instance'] ?? '', metric]),
  )
  const names = [...new Set([...figures.keys(), ...lines.keys()])].filter((name) => name !== '')
  return names.map((name) => {
    const of = figures.get(name) ?? figuresOf(HOST_FIGURES, {})
    const { sysname = '', release = '', machine = '', nodename = '' } = about.get(name) ?? {}
    return {
      name,
      system: [sysname, release.split('-')[0], machine].filter(Boolean).join(' '),
      nodename,
      now: of,
      state: hostState(of),
      trend: lines.get(name) ?? [],
    }
  })
}

function figuresOf<F extends string>(names: readonly F[], known: Readonly<Record<string, number>>): Record<F, number> {
  return Object.fromEntries(names.map((name) => [name, known[name] ?? Number.NaN])) as Record<F, number>
}

/** Reads what a question of several figures gave, by the key of a row. */
function figuresBy<F extends string>(
  answer: QueryAnswer | undefined,
  keyOf: (labels: Readonly<Record<string, string>>) => string,
  names: readonly F[],
): Map<string, Record<F, number>> {
  const found = new Map<string, Record<string, number>>()
  for (const { metric, value } of answer?.data.kind === 'vector' ? answer.data.samples : []) {
    const key = keyOf(metric)
    const row = found.get(key) ?? {}
    row[metric['figure'] ?? ''] = value
    found.set(key, row)
  }
  return new Map([...found].map(([key, known]) => [key, figuresOf(names, known)]))
}

export const HOST_SORTS = ['state', 'name', 'cpu', 'memory', 'disk'] as const
export type HostSort = (typeof HOST_SORTS)[number]
const STATE_ORDER: readonly HostState[] = ['silent', 'strained', 'fine']

/** The worst, the most or the first on top; equal ones by name. */
export function sortedHosts(rows: readonly HostRow[], sort: HostSort): HostRow[] {
  const rank = (value: number) => (Number.isNaN(value) ? -1 : value)
  const order = (a: HostRow, b: HostRow) => {
    if (sort === 'state') return STATE_ORDER.indexOf(a.state) - STATE_ORDER.indexOf(b.state)
    return sort === 'name' ? 0 : rank(b.now[sort]) - rank(a.now[sort])
  }
  return [...rows].sort((a, b) => order(a, b) || a.name.localeCompare(b.name))
}

/** Names under which other signals may know a host: without its port, and the one that it gives itself. */
export function namesOfHost(name: string, nodename: string): string[] {
  return [...new Set([name, name.replace(/:\d+$/, ''), nodename])].filter((one) => one !== '')
}

export interface ProcessRow {
  readonly key: string
  readonly name: string
  /** What tells it from others of its name: instance, process id. */
  readonly detail: string
  /** '' where the process names none. */
  readonly service: string
  readonly now: Readonly<Record<ProcessFigure, number>>
}

/** Those that use most of the processor first, then most memory. */
export function processRows(answer: QueryAnswer | undefined): ProcessRow[] {
  const labelsOf = new Map<string, Readonly<Record<string, string>>>()
  const figures = figuresBy(
    answer,
    ({ figure: _, ...labels }) => {
      const key = JSON.stringify(Object.entries(labels).sort())
      labelsOf.set(key, labels)
      return key
    },
    PROCESS_FIGURES,
  )
  const rank = (value: number) => (Number.isNaN(value) ? -1 : value)
  return [...figures]
    .map(([key, now]) => {
      const {
        process_executable_name: executable,
        process_pid: pid,
        service_name: service = '',
        job,
        instance = '',
      } = labelsOf.get(key) ?? {}
      const name = executable || service || job || instance
      return {
        key,
        name,
        service,
        now,
        detail: [instance === name ? '' : instance, pid ?? ''].filter(Boolean).join(' · '),
      }
    })
    .sort(
      (a, b) =>
        rank(b.now.cpu) - rank(a.now.cpu) || rank(b.now.memory) - rank(a.now.memory) || (a.key < b.key ? -1 : 1),
    )
}
