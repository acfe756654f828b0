import {
  type Clock,
  err,
  type Fault,
  FaultError,
  type LogReader,
  type Matcher,
  type NsRange,
  ok,
  type QueryBudget,
  type Result,
  type SpanReader,
  type TenantId,
} from '@vantage/model'
import { type Cut, cutText, Sections } from '../sections.ts'
import { type ExceptionGroup, ExceptionGroups } from './exception-groups.ts'

export interface ExceptionsRequest {
  readonly range: NsRange
  /** Undefined = all. */
  readonly service: string | undefined
  readonly timeoutMs: number
}

export interface FoundExceptions {
  readonly groups: readonly ExceptionGroup[]
  readonly cuts: readonly Cut[]
}

/** Rows of each signal that are looked at, newest first. */
const ROWS_MAX = 1_000_000
const SECTIONS = 2

/** Groups what services threw: exception events of spans, and log records with `exception.*`. */
export function findExceptions(
  { range, service, timeoutMs }: ExceptionsRequest,
  tenant: TenantId,
  readers: { readonly logs: LogReader; readonly spans: SpanReader },
  budget: QueryBudget,
  clock: Clock,
): Result<FoundExceptions, Fault> {
  const groups = new ExceptionGroups(service, range)
  const sections = new Sections(SECTIONS, timeoutMs, budget, clock)
  const matchers: Matcher[] = service === undefined ? [] : [{ name: 'service_name', op: '=', value: service }]
  try {
    sections.run('spans', (own) => {
      const scan = { ...range, conditions: [], isAll: true, direction: 'backward' } as const
      each(readers.spans.scan(tenant, scan, own), own, sections, 'spans', (block) => groups.addSpans(block))
    })
    sections.run('logs', (own) => {
      const scan = { ...range, matchers, lineFilters: [], direction: 'backward' } as const
      each(readers.logs.scan(tenant, scan, own), own, sections, 'logs', (block) => groups.addLogs(block))
    })
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
  if (groups.isCut) sections.cut('groups', 'groupsMax', 'rare exceptions are one group, of the type other')
  return ok({ groups: groups.finish(), cuts: sections.cuts })
}

function each<Block extends { readonly rows: Int32Array }>(
  blocks: Iterable<Block>,
  budget: QueryBudget,
  sections: Sections,
  section: string,
  take: (block: Block) => void,
): void {
  let rows = 0
  for (const block of blocks) {
    budget.check()
    if (rows >= ROWS_MAX) {
      sections.cut(section, 'rowsMax', cutText('newest', rows, 'rows'))
      return
    }
    take(block)
    rows += block.rows.length
  }
}
