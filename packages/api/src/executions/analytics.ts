const RUNS = '{log_type="execution"}'

/** What is added up over runs, as LogQL of a range. Members that an entry lacks, or that cannot be, count nowhere. */
export const SUMS: ReadonlyMap<string, (range: string) => string> = new Map([
  ['runs', (range: string) => `count_over_time(${RUNS}[${range}])`],
  ['problems', (range: string) => `count_over_time(${RUNS} | quality!="" [${range}])`],
  ...['duration_seconds', 'cpu_seconds', 'memory_bytes', 'efficiency'].flatMap(
    (field): [string, (range: string) => string][] => [
      [field, (range) => `sum_over_time(${RUNS} | ${field}!="" | unwrap ${field} [${range}])`],
      [`${field} runs`, (range) => `count_over_time(${RUNS} | ${field}!="" [${range}])`],
    ],
  ),
])

/** By source, status and name of the sum. */
export type Figures = Map<string, Map<string, Map<string, number>>>

interface Analytics {
  readonly runs: number
  readonly succeeded: number
  readonly failed: number
  /** Of a hundred runs. */
  readonly successRate: number
  /** Mean of the runs that say it; null where none does. */
  readonly durationSeconds: number | null
  readonly cpuSeconds: number | null
  readonly memoryBytes: number | null
  /** Objects a minute of work: a run handles one. */
  readonly throughputPerMinute: number | null
  /** CPU time in the time that runs took. */
  readonly resourceUtilisation: number | null
  /** 0 … 100: how much of its time a run worked rather than waited; a failed run has 0. */
  readonly efficiency: number | null
  /** Runs with figures that cannot be. */
  readonly dataQualityProblems: number
}

export function sourcesOf(figures: Figures): (Analytics & { readonly source: string })[] {
  return [...figures]
    .map(([source, statuses]) => ({ source, ...analyticsOf([statuses]) }))
    .sort((a, b) => (a.source < b.source ? -1 : 1))
}

export function summaryOf(figures: Figures): Analytics & { readonly sources: number } {
  return { sources: figures.size, ...analyticsOf([...figures.values()]) }
}

function analyticsOf(groups: readonly Map<string, Map<string, number>>[]): Analytics {
  const sum = (name: string, status?: string) => {
    const sums = groups.flatMap((group) => [...group].filter(([one]) => status === undefined || one === status))
    return sums.reduce((total, [, byName]) => total + (byName.get(name) ?? 0), 0)
  }
  const mean = (name: string) => ratio(sum(name), sum(`${name} runs`))
  const runs = sum('runs')
  const succeeded = sum('runs', 'success')
  const durations = sum('duration_seconds')
  return {
    runs,
    succeeded,
    failed: sum('runs', 'failed'),
    successRate: (100 * succeeded) / Math.max(1, runs),
    durationSeconds: mean('duration_seconds'),
    cpuSeconds: mean('cpu_seconds'),
    memoryBytes: mean('memory_bytes'),
    throughputPerMinute: ratio(60 * sum('duration_seconds runs'), durations),
    resourceUtilisation: ratio(sum('cpu_seconds'), durations),
    efficiency: mean('efficiency'),
    dataQualityProblems: sum('problems'),
  }
}

function ratio(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null
}
