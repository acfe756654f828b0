import type { Labels, SelectionShare, SeriesSelection } from '@vantage/model'
import type { FoldState } from '../aggregations/accumulate.ts'
import type { EngineOptions } from '../options.ts'
import type { QueryRange } from '../plan/bind.ts'
import { type Plan, planChildren } from '../plan/plan.ts'
import type { EvaluationContext } from './context.ts'
import type { Grid } from './grid.ts'

/**
 * Part of one query for other threads: to evaluate one node of its plan for some of the node's series. Plain data.
 * The series are handed out in runs, so that whoever is quicker takes more.
 */
export interface ShareTask {
  readonly query: string
  readonly range: QueryRange
  readonly lookbackMs: number | undefined
  readonly options: EngineOptions
  /** Place of the node in `planNodes`: an aggregation, whose groups are wanted, or else the rows are. */
  readonly node: number
  readonly selection: SelectionShare
  /** Run i holds the series [first + i * runLength, first + (i + 1) * runLength). */
  readonly first: number
  readonly runLength: number
  readonly runs: number
}

/** What another thread made of the runs that it claimed. Plain data. */
export interface ShareAnswer {
  readonly groups: readonly GroupPart[]
  readonly rows: readonly RowPart[]
  /** Runs that it claimed but leaves to the asker, because they hold native histograms. */
  readonly declined: readonly number[]
  readonly samples: number
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

/** The share of one group of an aggregation. */
export interface GroupPart {
  readonly key: string
  readonly labels: Labels
  readonly dropName: boolean
  readonly state: FoldState
}

/** One series of an instant vector. */
export interface RowPart {
  /** Place of the series in the selection. */
  readonly index: number
  readonly labels: Labels
  readonly dropName: boolean
  readonly values: Float64Array
  readonly present: Uint8Array
  /** Set where the row is one of the answer. */
  readonly encoded: Uint8Array | undefined
}

/** Writes the points of one series as they stand in an answer, into memory of their own. */
export type RowEncoder = (row: Pick<RowPart, 'values' | 'present'>, grid: Grid) => Uint8Array<ArrayBuffer>

/** Where other threads can be asked for help. */
export interface Helpers {
  offer(task: ShareTask): Offer
}

/** Runs of one task, claimed by the asker and by whoever came to help. */
export interface Offer {
  /** @returns the next run for this thread, or -1 when all are taken */
  claim(): number
  /**
   * Waits for those who came.
   * @throws FaultError theirs, or what ends the query meanwhile
   */
  collect(): readonly ShareAnswer[]
}

/** The series of a selection that one thread evaluates, one after the other. */
export interface Turns {
  /** @returns the place of the next series, or -1 after the last */
  next(): number
  /** What others made of the rest, once `next` has said -1. */
  readonly answers: readonly ShareAnswer[]
}

export class AllTurns implements Turns {
  readonly answers: readonly ShareAnswer[] = []
  readonly #count: number
  #at = 0

  constructor(count: number) {
    this.#count = count
  }

  next(): number {
    return this.#at < this.#count ? this.#at++ : -1
  }
}

/** How many runs a selection is cut into: enough that threads end together, few enough that claims cost nothing. */
const RUNS = 32
/** A longer run only makes the last one to wait for longer. */
const RUN_SERIES_MAX = 64
/** Samples that must be left, as far as the first run tells, for help to come before the work is done. */
const OFFER_SAMPLES_MIN = 400_000

/** Turns of the thread that was asked: its first run alone, then as many as it can take while others help. */
export class OfferedTurns implements Turns {
  readonly #context: EvaluationContext
  readonly #count: number
  readonly #offerRest: (first: number, runLength: number, runs: number) => Offer
  readonly #runLength: number
  readonly #samplesBefore: number
  #offer: Offer | undefined
  #first = 0
  #at = 0
  #end: number
  #declined: number[] | undefined
  answers: readonly ShareAnswer[] = []

  constructor(
    context: EvaluationContext,
    count: number,
    offerRest: (first: number, runLength: number, runs: number) => Offer,
  ) {
    this.#context = context
    this.#count = count
    this.#offerRest = offerRest
    this.#samplesBefore = context.samplesRead
    this.#runLength = Math.min(RUN_SERIES_MAX, Math.ceil(count / RUNS))
    this.#end = this.#runLength
  }

  next(): number {
    if (this.#at < this.#end) return this.#at++
    if (this.#at === this.#runLength && this.#offer === undefined) this.#begin()
    else if (this.#offer !== undefined) this.#claim(this.#offer)
    return this.#at < this.#end ? this.#at++ : -1
  }

  /** The first run is done: what is left is worth an offer, or is done here. */
  #begin(): void {
    const left = this.#count - this.#runLength
    const read = this.#context.samplesRead - this.#samplesBefore
    if ((read / this.#runLength) * left < OFFER_SAMPLES_MIN) {
      this.#end = this.#count
      return
    }
    this.#first = this.#runLength
    this.#offer = this.#offerRest(this.#first, this.#runLength, Math.ceil(left / this.#runLength))
    this.#claim(this.#offer)
  }

  #claim(offer: Offer): void {
    let run = this.#declined === undefined ? offer.claim() : (this.#declined.pop() ?? -1)
    if (run < 0 && this.#declined === undefined) {
      this.answers = offer.collect()
      this.#declined = this.answers.flatMap((one) => one.declined)
      run = this.#declined.pop() ?? -1
    }
    if (run < 0) return
    this.#at = this.#first + run * this.#runLength
    this.#end = Math.min(this.#count, this.#at + this.#runLength)
  }
}

/** Turns of a thread that helps: claimed runs, but for those that need more than plain numbers. */
export class ClaimedTurns implements Turns {
  readonly #task: ShareTask
  readonly #selection: SeriesSelection
  readonly #claim: () => number
  #at = 0
  #end = 0
  readonly declined: number[] = []
  readonly answers: readonly ShareAnswer[] = []

  constructor(task: ShareTask, selection: SeriesSelection, claim: () => number) {
    this.#task = task
    this.#selection = selection
    this.#claim = claim
  }

  next(): number {
    while (this.#at >= this.#end) {
      const run = this.#claim()
      if (run < 0) return -1
      const { first, runLength } = this.#task
      const from = first + run * runLength
      const to = Math.min(this.#selection.count, from + runLength)
      if (this.#isPlain(from, to)) {
        this.#at = from
        this.#end = to
      } else {
        this.declined.push(run)
      }
    }
    return this.#at++
  }

  #isPlain(from: number, to: number): boolean {
    for (let i = from; i < to; i++) if (this.#selection.mayHaveHistograms(i)) return false
    return true
  }
}

/** All nodes of a plan, parents first: the same plan has the same places in every thread. */
export function planNodes(root: Plan): Plan[] {
  return [root, ...planChildren(root).flatMap(planNodes)]
}

/** What an evaluation needs to offer its nodes. */
export class Sharing {
  readonly #helpers: Helpers
  readonly #request: Pick<ShareTask, 'query' | 'range' | 'lookbackMs' | 'options'>
  readonly #root: Plan
  readonly #grid: Grid

  constructor(
    helpers: Helpers,
    request: Pick<ShareTask, 'query' | 'range' | 'lookbackMs' | 'options'>,
    root: Plan,
    grid: Grid,
  ) {
    this.#helpers = helpers
    this.#request = request
    this.#root = root
    this.#grid = grid
  }

  /** @returns undefined where the node is not evaluated on the query's own steps or its series cannot be shared */
  turns(context: EvaluationContext, node: Plan, grid: Grid, selection: SeriesSelection): OfferedTurns | undefined {
    if (grid !== this.#grid || selection.share === undefined || selection.count < 2) return undefined
    return new OfferedTurns(context, selection.count, (first, runLength, runs) =>
      this.#helpers.offer({
        ...this.#request,
        node: planNodes(this.#root).indexOf(node),
        selection: (selection.share as () => SelectionShare).call(selection),
        first,
        runLength,
        runs,
      }),
    )
  }
}
