import type { WorkerJob } from './worker-job.ts'

/** The two queues of questions: what is quick never waits behind what is not. */
export type Lane = 'small' | 'heavy'

/** Of logs and traces: what reads a few rows or none. */
const SMALL_JOBS: ReadonlySet<string> = new Set(['trace', 'label-names', 'label-values', 'series', 'index-stats'])

/** Range queries may be heavy; the rest answers from few samples or from the index. */
export function laneOf(job: WorkerJob): Lane {
  if (job.kind === 'logs' || job.kind === 'traces') return SMALL_JOBS.has(job.job.kind) ? 'small' : 'heavy'
  if (job.kind === 'joins') return 'heavy'
  if (job.kind === 'promql') return job.range.stepMs > 0 ? 'heavy' : 'small'
  return job.kind === 'warm-up' || job.kind === 'remote-read' || job.kind === 'timeseries' || job.kind === 'aggregated'
    ? 'heavy'
    : 'small'
}
