import { SEGMENT_WORD_BITS, SEGMENT_WORD_MASK } from '../limits.ts'
import type { Generation } from './generation.ts'
import { RECORD_WORD_BITS, REGION, SAMPLE_WORDS } from './generation-layout.ts'

/**
 * Series that come in no order that we know are far apart in memory. Looking up one after the other waits for memory
 * several times a sample; loops that do nothing but load keep many loads on their way at once. What they load means
 * nothing here: it lies in the cache when the real work comes (half the time of a shuffled batch).
 */
const BLOCK = 4_096
const tails = new Int32Array(BLOCK)
/** Keeps the loads from being optimised away. */
const sink = new Int32Array(1)

/**
 * Loads what `Generation.append` will need.
 * @param series ids, or negative for none
 */
export function fetchTails(generation: Generation, series: Int32Array, count: number): void {
  let sum = 0
  for (let from = 0; from < count; from += BLOCK) {
    const size = Math.min(count - from, BLOCK)
    loadTails(generation, series, from, size)
    sum += loadRegions(generation, size)
  }
  sink[0] = sum
}

function loadTails({ records, recordCount }: Generation, series: Int32Array, from: number, size: number): void {
  for (let i = 0; i < size; i++) {
    const one = series[from + i] as number
    const isKnown = one >= 0 && one < recordCount
    const record = isKnown ? one << RECORD_WORD_BITS : 0
    const words = records.words[record >>> SEGMENT_WORD_BITS]
    tails[i] = isKnown && words !== undefined ? (words[record & SEGMENT_WORD_MASK] as number) : 0
  }
}

function loadRegions({ data }: Generation, size: number): number {
  let sum = 0
  for (let i = 0; i < size; i++) {
    const tail = tails[i] as number
    if (tail === 0) continue
    const words = data.words[tail >>> SEGMENT_WORD_BITS] as Int32Array
    const base = tail & SEGMENT_WORD_MASK
    sum ^= words[base + REGION.header + (words[base + REGION.written] as number) * SAMPLE_WORDS] as number
  }
  return sum
}
