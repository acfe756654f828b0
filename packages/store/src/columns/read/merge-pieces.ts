import type { Origin, QueryBudget, ScanDirection, TimeMarks } from '@vantage/model'
import { BLOCK_ROWS_MAX } from '../limits.ts'
import type { Signal } from '../rows/column-set.ts'
import { RowBuffer } from '../rows/row-buffer.ts'
import { compareTimes, halvesOfTime } from '../rows/times.ts'
import type { Piece, PieceRef } from './piece.ts'

interface Block<Columns> {
  readonly columns: Columns
  readonly rows: Int32Array
  readonly origins: readonly Origin[]
  readonly marks?: TimeMarks | undefined
}

/** A piece that is being read: `at` is the next of its rows. */
interface Cursor<Columns> {
  readonly piece: Piece<Columns>
  readonly times: Int32Array
  readonly sequence: number
  at: number
}

/**
 * The rows of all pieces in one order, block by block. A piece is looked at only when its time has come, so that who
 * asks for the newest hundred pays for the newest piece. Blocks are valid until the next one is asked for.
 */
export class PieceMerge<Columns> {
  readonly #signal: Signal<Columns>
  readonly #sign: number
  readonly #isOrdered: boolean
  readonly #refs: readonly PieceRef<Columns>[]
  readonly #edges: readonly Int32Array[]
  readonly #budget: QueryBudget
  #next = 0
  #cursors: Cursor<Columns>[] = []
  #buffer: RowBuffer<Columns> | undefined

  constructor(
    signal: Signal<Columns>,
    refs: readonly PieceRef<Columns>[],
    direction: ScanDirection,
    budget: QueryBudget,
  ) {
    this.#signal = signal
    this.#sign = direction === 'backward' ? -1 : 1
    this.#isOrdered = direction !== 'any'
    this.#budget = budget
    const edge = (ref: PieceRef<Columns>): bigint => (this.#sign > 0 ? ref.minTimeNs : ref.maxTimeNs)
    this.#refs = [...refs].sort((a, b) => {
      const [x, y] = [edge(a), edge(b)]
      return this.#sign * (x < y ? -1 : x > y ? 1 : a.sequence - b.sequence)
    })
    this.#edges = this.#refs.map((ref) => halvesOfTime(edge(ref)))
  }

  *blocks(): Generator<Block<Columns>> {
    if (this.#isOrdered) yield* this.#inOrder()
    else yield* this.#asTheyLie()
  }

  *#asTheyLie(): Generator<Block<Columns>> {
    for (const ref of this.#refs) {
      const { columns, origins, rows, marks } = ref.open()
      for (let from = 0; from < rows.length; from += BLOCK_ROWS_MAX) {
        this.#budget.check()
        yield { columns, origins, rows: rows.subarray(from, from + BLOCK_ROWS_MAX), marks }
      }
    }
  }

  *#inOrder(): Generator<Block<Columns>> {
    for (;;) {
      this.#budget.check()
      this.#openDue()
      const [only] = this.#cursors
      if (only === undefined) return
      if (this.#cursors.length === 1) yield this.#run(only)
      else yield this.#merged()
    }
  }

  /** Opens every piece that may hold a row before the next one, or as early. */
  #openDue(): void {
    while (this.#next < this.#refs.length) {
      const head = this.#head()
      if (head !== undefined && this.#isBeforeEdge(head)) return
      const ref = this.#refs[this.#next++] as PieceRef<Columns>
      const piece = ref.open()
      if (piece.rows.length === 0) continue
      const times = piece.set.longs[0] as Int32Array
      this.#cursors.push({ piece, times, sequence: ref.sequence, at: 0 })
    }
  }

  /** True where the cursor's row comes strictly before all pieces that are not open. */
  #isBeforeEdge(cursor: Cursor<Columns>): boolean {
    const edge = this.#edges[this.#next]
    if (edge === undefined) return true
    return this.#sign * compareTimes(cursor.times, cursor.piece.rows[cursor.at] as number, edge, 0) < 0
  }

  #head(): Cursor<Columns> | undefined {
    let head: Cursor<Columns> | undefined
    for (const one of this.#cursors) if (head === undefined || this.#compare(one, head) < 0) head = one
    return head
  }

  #compare(a: Cursor<Columns>, b: Cursor<Columns>): number {
    const order = compareTimes(a.times, a.piece.rows[a.at] as number, b.times, b.piece.rows[b.at] as number)
    return this.#sign * (order !== 0 ? order : a.sequence - b.sequence)
  }

  /** Fast path: only one piece has rows here, which are given out as they lie. */
  #run(cursor: Cursor<Columns>): Block<Columns> {
    const { columns, origins, rows } = cursor.piece
    const from = cursor.at
    const end = Math.min(rows.length, from + BLOCK_ROWS_MAX)
    while (cursor.at < end && this.#isBeforeEdge(cursor)) cursor.at++
    const block = { columns, origins, rows: rows.subarray(from, cursor.at) }
    this.#dropDone()
    return block
  }

  /** Rows of several pieces, copied in their order. */
  #merged(): Block<Columns> {
    this.#buffer ??= new RowBuffer(this.#signal, BLOCK_ROWS_MAX)
    const buffer = this.#buffer
    buffer.reset()
    buffer.forgetOrigins()
    while (buffer.count < BLOCK_ROWS_MAX && this.#cursors.length > 1) {
      const head = this.#head() as Cursor<Columns>
      if (!this.#isBeforeEdge(head)) break
      const { set, origins, rows } = head.piece
      const from = head.at
      head.at++
      // Neighbours are copied together.
      while (head.at < rows.length && buffer.count + head.at - from < BLOCK_ROWS_MAX && this.#isStill(head)) head.at++
      buffer.append(set, origins, rows, from, head.at)
      this.#dropDone()
    }
    return { columns: buffer.columns, origins: buffer.origins, rows: placesTo(buffer.count) }
  }

  #isStill(cursor: Cursor<Columns>): boolean {
    if (!this.#isBeforeEdge(cursor)) return false
    for (const other of this.#cursors) if (other !== cursor && this.#compare(other, cursor) < 0) return false
    return true
  }

  #dropDone(): void {
    this.#cursors = this.#cursors.filter((one) => one.at < one.piece.rows.length)
  }
}

const PLACES = Int32Array.from({ length: BLOCK_ROWS_MAX }, (_, i) => i)

/** 0, 1, 2, … */
function placesTo(count: number): Int32Array {
  return PLACES.subarray(0, count)
}
