import { type LogsJob, runLogsJob, runTracesJob } from '@vantage/api'
import {
  type Clock,
  type Fault,
  type LogReader,
  type NsRange,
  ok,
  type QueryBudget,
  type Result,
  type SpanReader,
  type TenantId,
} from '@vantage/model'

/** Logs and spans as a thread that gets ready sees them. */
export interface RowsToWarm {
  readonly logs: LogReader
  readonly spans: SpanReader
  /** Times of the newest stripes of files, newest first. */
  newest(tenant: TenantId, signal: 'logs' | 'spans', stripes: number): readonly NsRange[]
}

/** One query of each way to read rows: counts without lines, lines by pattern and by word, newest rows, one trace. */
const LOG_SHAPES = [
  'sum by (detected_level) (count_over_time({service_name=~".+"}[1m]))',
  'sum(count_over_time({service_name=~".+"} |~ "[a-z]+ [0-9]+"[1m]))',
  '{service_name=~".+"} |= " no line holds this " != "nor this"',
  '{service_name=~".+"}',
  '{service_name=~".+"} | trace_id="0af7651916cd43dd8448eb211c80319c"',
] as const
const SPAN_SHAPES = [
  '{} | quantile_over_time(duration, .5, .99) by (resource.service.name, name)',
  '{ resource.service.name != "" && status = error }',
] as const
/** A count of one stripe is over before its loops are compiled. */
const COUNTED_STRIPES = 8
const STEP_NS = 60_000_000_000n
const LOG_ROWS = 100
const TRACES = 20

export const ROW_SHAPES = LOG_SHAPES.length + SPAN_SHAPES.length

/** Asks one shape of the stripes that the round is about; the answer is empty where there is none. */
export function warmUpRows(
  shape: number,
  round: number,
  tenant: TenantId,
  readers: RowsToWarm | undefined,
  budget: QueryBudget,
  clock: Clock,
): Result<Uint8Array<ArrayBuffer>, Fault> {
  const ofLogs = shape < LOG_SHAPES.length
  const stripe =
    readers && stripesOf(readers, tenant, ofLogs ? 'logs' : 'spans', round, shape === 0 ? COUNTED_STRIPES : 1)
  if (readers === undefined || stripe === undefined) return ok(new Uint8Array(0))
  if (!ofLogs) return askSpans(SPAN_SHAPES[shape - LOG_SHAPES.length] as string, stripe, tenant, readers.spans, budget)
  const query = LOG_SHAPES[shape] as string
  const isMetric = query.startsWith('sum')
  const job: LogsJob = {
    ...stripe,
    kind: 'logql',
    query,
    stepNs: isMetric ? STEP_NS : 0n,
    limit: LOG_ROWS,
    direction: 'backward',
    intervalNs: 0n,
    detectsLevels: true,
    isCategorized: false,
  }
  return runLogsJob(job, tenant, readers.logs, budget, clock)
}

/** The time of the round's `count` stripes. */
function stripesOf(
  readers: RowsToWarm,
  tenant: TenantId,
  signal: 'logs' | 'spans',
  round: number,
  count: number,
): NsRange | undefined {
  const stripes = readers.newest(tenant, signal, (round + 1) * count).slice(round * count)
  const [newest, oldest] = [stripes[0], stripes.at(-1)]
  return newest && oldest && { startNs: oldest.startNs, endNs: newest.endNs }
}

function askSpans(
  query: string,
  stripe: NsRange,
  tenant: TenantId,
  spans: SpanReader,
  budget: QueryBudget,
): Result<Uint8Array<ArrayBuffer>, Fault> {
  if (query.includes('|')) {
    const request = { query, ...stripe, stepNs: undefined, exemplarsMax: 0 }
    return runTracesJob({ kind: 'metrics', request, form: 'instant' }, tenant, spans, budget)
  }
  const request = { query, ...stripe, limit: TRACES, spansPerSet: 3 }
  return runTracesJob({ kind: 'search', request }, tenant, spans, budget)
}
