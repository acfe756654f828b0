/**
 * Searches bytes by a table: the deterministic automaton of an RE2 program, made state by state as texts ask for it. It
 * knows ASCII alone and none of the assertions but `^` and `$` of the whole text; whoever gets no verdict from it asks
 * the program itself. Several times as fast as that on lines of logs, and needs no string.
 */

/** An instruction of a compiled program. Source: re2js Inst.js, which follows Go's regexp/syntax/prog.go. */
export interface SearchInstruction {
  readonly op: number
  readonly out: number
  readonly arg: number
  matchRune(rune: number): boolean
}

export interface SearchProgram {
  readonly inst: readonly SearchInstruction[]
  readonly start: number
}

const OP = { alt: 1, altMatch: 2, capture: 3, empty: 4, match: 6, nop: 7, rune: 8, rune1: 9, any: 10, line: 11 }
const AT_BEGIN = 4
const AT_END = 8

/** Columns of the table: bytes beyond ASCII have one each, that tells nothing. */
const BYTES = 256
const ASCII = 128
/** A program that needs more is left to its machine: 512 KiB of table. */
const STATES_MAX = 512

/** What stands in the table where no state does. */
const UNKNOWN = -1
const FOUND = -2
/** Nothing can be found any more. */
const LOST = -3
const UNTOLD = -4

export class AsciiSearch {
  readonly #program: SearchProgram
  /** By state and byte: the next state, as the place of its first byte. */
  #table = new Int32Array(0)
  /** Of each state, the instructions that wait for a byte or for the end. */
  readonly #waiting: (readonly number[])[] = []
  readonly #places = new Map<string, number>()
  /** True where the end of the text makes the state a match. */
  readonly #endsWell: boolean[] = []
  readonly #first: number
  /** Too many states: nothing is told any more. */
  #isFull = false
  /** Where a match that does not begin at the begin may begin. */
  readonly #restart: readonly number[]

  private constructor(program: SearchProgram) {
    this.#program = program
    this.#restart = this.#closure([program.start], 0)
    this.#first = this.#stateOf(this.#closure([program.start], AT_BEGIN))
  }

  /** @returns undefined where the program asks for what it does not know */
  static of(program: SearchProgram): AsciiSearch | undefined {
    const isKnown = ({ op, arg }: SearchInstruction): boolean =>
      op >= OP.alt && op <= OP.line && (op !== OP.empty || (arg & ~(AT_BEGIN | AT_END)) === 0)
    return program.inst.every(isKnown) ? new AsciiSearch(program) : undefined
  }

  /** @returns whether bytes [from, to) hold a match; undefined where it cannot tell */
  test(bytes: Uint8Array, from: number, to: number): boolean | undefined {
    let table = this.#table
    let state = this.#first
    // At the only place of an empty text begin and end hold at once.
    if (from === to || this.#isFull) return undefined
    if (state < 0) return state === FOUND
    for (let at = from; at < to; at++) {
      const place = state + (bytes[at] as number)
      state = table[place] as number
      if (state >= 0) continue
      if (state === UNKNOWN) {
        state = this.#step(place)
        table = this.#table
      }
      if (state < 0) return state === UNTOLD ? undefined : state === FOUND
    }
    return this.#endsWell[state / BYTES] as boolean
  }

  #step(place: number): number {
    const byte = place % BYTES
    const targets: number[] = []
    for (const pc of this.#waiting[Math.floor(place / BYTES)] as readonly number[]) {
      const instruction = this.#program.inst[pc] as SearchInstruction
      if (takes(instruction, byte)) targets.push(instruction.out)
    }
    const next = this.#stateOf(this.#closure(targets, 0, this.#restart))
    this.#table[place] = next
    return next
  }

  /** What is reached without a byte, in ascending order. @param more reached already */
  #closure(from: readonly number[], flags: number, more: readonly number[] = []): number[] {
    const seen = new Set<number>(more)
    const open = [...from]
    for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
      if (seen.has(pc)) continue
      seen.add(pc)
      const { op, out, arg } = this.#program.inst[pc] as SearchInstruction
      if (op === OP.alt || op === OP.altMatch) open.push(out, arg)
      else if (op === OP.nop || op === OP.capture) open.push(out)
      else if (op === OP.empty && (arg & ~flags) === 0) open.push(out)
    }
    return [...seen].sort((a, b) => a - b)
  }

  #stateOf(reached: readonly number[]): number {
    const { inst } = this.#program
    if (reached.some((pc) => inst[pc]?.op === OP.match)) return FOUND
    const waiting = reached.filter((pc) => isWaiting(inst[pc] as SearchInstruction))
    if (waiting.length === 0) return LOST
    const key = waiting.join()
    const known = this.#places.get(key)
    if (known !== undefined) return known
    const state = this.#waiting.length
    if (state === STATES_MAX) {
      this.#isFull = true
      return UNTOLD
    }
    this.#places.set(key, state * BYTES)
    this.#waiting.push(waiting)
    this.#endsWell.push(this.#closure(waiting, AT_END).some((pc) => inst[pc]?.op === OP.match))
    if ((state + 1) * BYTES > this.#table.length) this.#grow()
    return state * BYTES
  }

  #grow(): void {
    const known = this.#table.length
    const grown = new Int32Array(Math.max(16 * BYTES, known * 2)).fill(UNKNOWN)
    grown.set(this.#table)
    for (let at = known; at < grown.length; at += BYTES) grown.fill(UNTOLD, at + ASCII, at + BYTES)
    this.#table = grown
  }
}

function isWaiting({ op }: SearchInstruction): boolean {
  return op === OP.empty || op >= OP.rune
}

function takes(instruction: SearchInstruction, byte: number): boolean {
  const { op } = instruction
  if (op === OP.any) return true
  if (op === OP.line) return byte !== 0x0a
  return (op === OP.rune || op === OP.rune1) && instruction.matchRune(byte)
}
