import { type Clock, FaultError, type FileSystem, type LogRecord } from '@vantage/model'
import { type ContractLogRow, type ContractSpan, logBatchOf, spanBatchOf } from '@vantage/model/contract-tests'
import { unlimitedBudget } from '@vantage/model/testing'
import {
  type ColumnStore,
  type ColumnStoreOptions,
  openColumnStore,
  type RowDeletion,
  readRowDeletion,
  rowDeletionRecord,
  type SignalName,
} from '../index.ts'
import { columnsHost } from './columns-host.ts'

/** Tests own time. */
class TestClock implements Clock {
  wallMs = 1_700_000_000_000
  elapsedMs = 0

  nowMs(): number {
    return this.wallMs
  }

  monotonicMs(): number {
    return this.elapsedMs
  }

  advance(ms: number): void {
    this.wallMs += ms
    this.elapsedMs += ms
  }
}

type LoggedRecord = { readonly tenant: string } & (
  | { readonly logs: readonly ContractLogRow[] }
  | { readonly spans: readonly ContractSpan[] }
  | { readonly deletion: LogRecord }
)

const EVERYWHEN = { startNs: -(2n ** 63n), endNs: 2n ** 63n }
const decoder = new TextDecoder()

/** A store with the logs of both topics that a test keeps for it: what is not sealed comes back by replay. */
export class ColumnsHarness {
  readonly directory: string
  readonly clock = new TestClock()
  readonly problems: string[] = []
  /** By topic: offset = place in the list. */
  readonly logs: LoggedRecord[] = []
  readonly spans: LoggedRecord[] = []
  readonly options: Partial<ColumnStoreOptions>
  files: FileSystem
  store!: ColumnStore

  constructor(directory: string, files: FileSystem, options: Partial<ColumnStoreOptions> = {}) {
    this.directory = directory
    this.files = files
    this.options = options
  }

  /** Opens the store and replays what is not sealed. */
  async open(): Promise<void> {
    this.store = await openColumnStore({
      directory: this.directory,
      files: this.files,
      clock: this.clock,
      workers: columnsHost(this.files),
      onProblem: (message) => this.problems.push(message),
      ...this.options,
    })
    for (let i = this.store.replayFrom('raw-logs'); i < this.logs.length; i++) this.#replay('logs', i)
    for (let i = this.store.replayFrom('spans-raw'); i < this.spans.length; i++) this.#replay('spans', i)
  }

  #replay(signal: SignalName, offset: number): void {
    const record = this[signal][offset] as LoggedRecord
    const { tenant } = record
    if ('logs' in record) this.store.applyLogs(tenant, logBatchOf(record.logs), offset, 0)
    else if ('spans' in record) this.store.applySpans(tenant, spanBatchOf(record.spans), offset, 0)
    else {
      const deletion = readRowDeletion(record.deletion)
      if (!deletion.ok) throw new FaultError(deletion.error)
      this.store.deleteRows(tenant, signal, deletion.value, offset)
    }
  }

  applyLogs(logs: readonly ContractLogRow[], tenant = 'default'): void {
    this.logs.push({ tenant, logs })
    this.#replay('logs', this.logs.length - 1)
  }

  applySpans(spans: readonly ContractSpan[], tenant = 'default'): void {
    this.spans.push({ tenant, spans })
    this.#replay('spans', this.spans.length - 1)
  }

  /** As intake does it: check, apply at the record's offset, keep the record. */
  delete(signal: SignalName, deletion: RowDeletion, tenant = 'default'): void {
    const checked = this.store.checkDeletion(tenant, signal, deletion)
    if (!checked.ok) throw new FaultError(checked.error)
    this[signal].push({ tenant, deletion: rowDeletionRecord(tenant, checked.value, this.clock.nowMs()) })
    this.#replay(signal, this[signal].length - 1)
  }

  tick(): Promise<void> {
    return this.store.tick({ unsealedLogBytes: 0, isMemoryShort: false })
  }

  /** Bodies of all logs and names of all spans, in the order of their times. */
  dump(tenant = 'default'): string[] {
    const found: string[] = []
    const scan = { ...EVERYWHEN, matchers: [], lineFilters: [], direction: 'forward' } as const
    for (const { columns, rows } of this.store.logReader().scan(tenant, scan, unlimitedBudget)) {
      for (const row of rows) found.push(`${columns.times[row]} ${textOf(columns.bodies, row)}`)
    }
    const spans = { ...EVERYWHEN, conditions: [], isAll: true, direction: 'forward' } as const
    for (const { columns, rows } of this.store.spanReader().scan(tenant, spans, unlimitedBudget)) {
      for (const row of rows) found.push(`${columns.startTimes[row]} ${textOf(columns.names, row)}`)
    }
    return found
  }
}

function textOf(
  ranges: { readonly bytes: Uint8Array; readonly from: Int32Array; readonly to: Int32Array },
  row: number,
): string {
  return decoder.decode(ranges.bytes.slice(ranges.from[row], ranges.to[row]))
}
