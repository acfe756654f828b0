import { randomUUID } from 'node:crypto'
import type { DeletionEntry, DeletionRequest, Deletions as DeletionsOfApi } from '@vantage/api'
import {
  assert,
  type Clock,
  err,
  type Fault,
  type FileSystem,
  type Matcher,
  type NsRange,
  ok,
  type Result,
  readFileNow,
  replaceFileNow,
  type SeriesScan,
  type TenantId,
} from '@vantage/model'
import { z } from 'zod'
import type { Records } from './records.ts'

const FILE = 'deletions.json'
/** Deletions of a tenant that are remembered for its list; what they deleted stays deleted. */
const KEPT_MAX = 1_000
const NS_PER_MS = 1_000_000n
/** Unix ms that a metric's time stays below. */
const TIME_MAX_MS = Number.MAX_SAFE_INTEGER

const stored = z.array(
  z.strictObject({
    tenant: z.string(),
    id: z.string(),
    text: z.string(),
    signals: z.array(z.enum(['metrics', 'logs', 'spans'])),
    startNs: z.string(),
    endNs: z.string(),
    createdMs: z.number(),
    /** Of the deletions in the topics of logs and spans. */
    offsets: z.strictObject({ logs: z.array(z.number()), spans: z.array(z.number()) }),
  }),
)
type Stored = z.output<typeof stored>[number]

export interface DeletionsOptions {
  readonly files: FileSystem
  /** It is there once the first deletion is asked for. */
  readonly directory: string
  readonly clock: Clock
  deleteSeries(tenant: TenantId, scan: SeriesScan): Promise<Fault | undefined>
  /** Undefined while the store is not open: nobody asks then. */
  records(): Records | undefined
}

/**
 * Deletes what is stored, signal by signal, and remembers what it was asked: the list survives a restart. What is
 * deleted is the log's to know; a process that dies between the two has deleted without telling.
 */
export class Deletions implements DeletionsOfApi {
  readonly #options: DeletionsOptions
  #entries: readonly Stored[] | undefined

  constructor(options: DeletionsOptions) {
    this.#options = options
  }

  async run(tenant: TenantId, request: DeletionRequest): Promise<Result<DeletionEntry, Fault>> {
    const { sets, text, startNs, endNs, lines } = request
    const { clock, records } = this.#options
    const rows = records()
    assert(rows !== undefined, 'rows are deleted after the store is open')
    for (const matchers of sets.metrics ?? []) {
      const problem = await this.#options.deleteSeries(tenant, { matchers, ...msRange(request) })
      if (problem !== undefined) return err(problem)
    }
    const offsets: Stored['offsets'] = { logs: [], spans: [] }
    for (const signal of ['logs', 'spans'] as const) {
      for (const matchers of sets[signal] ?? []) {
        const filters = signal === 'logs' && lines !== undefined ? { lines } : {}
        const deleted = await rows.deleteRows(tenant, signal, { matchers, startNs, endNs, ...filters })
        if (!deleted.ok) return deleted
        offsets[signal].push(deleted.value)
      }
    }
    const signals = (['metrics', 'logs', 'spans'] as const).filter((signal) => lengthOf(sets[signal]) > 0)
    const times = { startNs: String(startNs), endNs: String(endNs), createdMs: clock.nowMs() }
    const entry: Stored = { tenant, id: randomUUID(), text, signals: [...signals], ...times, offsets }
    this.#remember(entry)
    return ok(this.#shown(entry))
  }

  list(tenant: TenantId): DeletionEntry[] {
    return this.#load()
      .filter((one) => one.tenant === tenant)
      .map((one) => this.#shown(one))
      .reverse()
  }

  #shown({ tenant, offsets, startNs, endNs, ...entry }: Stored): DeletionEntry {
    const isPending = (['logs', 'spans'] as const).some((signal) => {
      const pending = this.#options.records()?.store.pendingDeletions(tenant, signal) ?? []
      return offsets[signal].some((offset) => pending.includes(offset))
    })
    return { ...entry, startNs: BigInt(startNs), endNs: BigInt(endNs), isFinal: !isPending }
  }

  #remember(entry: Stored): void {
    const { files, directory } = this.#options
    const all = [...this.#load(), entry]
    const own = all.filter((one) => one.tenant === entry.tenant)
    const forgotten = new Set(own.slice(0, Math.max(0, own.length - KEPT_MAX)))
    const entries = all.filter((one) => !forgotten.has(one))
    replaceFileNow(files, directory, FILE, Buffer.from(JSON.stringify(entries, undefined, 2)))
    this.#entries = entries
  }

  /** @throws where the file is there but is not what this class wrote */
  #load(): readonly Stored[] {
    const { files, directory } = this.#options
    const path = `${directory}/${FILE}`
    if (this.#entries === undefined && files.exists(path)) {
      this.#entries = stored.parse(JSON.parse(Buffer.from(readFileNow(files, path)).toString('utf8')))
    }
    this.#entries ??= []
    return this.#entries
  }
}

function lengthOf(sets: readonly (readonly Matcher[])[] | undefined): number {
  return sets?.length ?? 0
}

/** Whole milliseconds that lie in the range; both ends inclusive. */
function msRange({ startNs, endNs }: NsRange): { startMs: number; endMs: number } {
  const bounded = (ms: bigint): number => Math.max(-TIME_MAX_MS, Math.min(TIME_MAX_MS, Number(ms)))
  const up = startNs > 0n ? (startNs + NS_PER_MS - 1n) / NS_PER_MS : startNs / NS_PER_MS
  return { startMs: bounded(up), endMs: bounded((endNs - 1n) / NS_PER_MS) }
}
