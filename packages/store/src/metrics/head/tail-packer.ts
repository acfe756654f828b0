import { encodeValues, ValueScratch, valuesBytesMax } from '../codec/value-codec.ts'
import { SEGMENT_WORD_BITS, SEGMENT_WORD_MASK, TAIL_SAMPLES_MAX } from '../limits.ts'
import { setDouble, setWord, storeWord, wordAt } from '../shared-segments.ts'
import type { Generation } from './generation.ts'
import { CHUNK, RECORD, REGION, SAMPLE_WORDS } from './generation-layout.ts'

/** Packs tails; one per writing thread. */
export class TailPacker {
  readonly times = new Float64Array(TAIL_SAMPLES_MAX + 1)
  readonly timeHalves = new Uint32Array(this.times.buffer)
  readonly values = new Float64Array(TAIL_SAMPLES_MAX + 1)
  readonly valueHalves = new Uint32Array(this.values.buffer)
  readonly bytes = new Uint8Array(2 * valuesBytesMax(TAIL_SAMPLES_MAX))
  readonly scratch = new ValueScratch()

  /** Makes the newest chunk of the series whose record this is from its full tail. */
  pack(generation: Generation, record: number, tail: number): void {
    const { records, data } = generation
    const count = wordAt(data, tail + REGION.written)
    const doubles = data.doubles[tail >>> SEGMENT_WORD_BITS] as Float64Array
    const words = data.words[tail >>> SEGMENT_WORD_BITS] as Int32Array
    const base = (tail & SEGMENT_WORD_MASK) + REGION.header
    const { times, valueHalves, bytes: packed } = this
    for (let i = 0; i < count; i++) {
      const sample = base + i * SAMPLE_WORDS
      times[i] = doubles[sample >>> 1] as number
      valueHalves[i * 2] = words[sample + 2] as number
      valueHalves[i * 2 + 1] = words[sample + 3] as number
    }
    const timeBytes = encodeValues(times, this.timeHalves, count, packed, 0, this.scratch)
    const end = encodeValues(this.values, valueHalves, count, packed, timeBytes, this.scratch)
    const chunk = generation.allocateChunk(CHUNK.header + ((end + 3) >>> 2))
    setWord(data, chunk + CHUNK.older, wordAt(records, record + RECORD.chunk))
    setWord(data, chunk + CHUNK.count, count)
    setWord(data, chunk + CHUNK.timeBytes, timeBytes)
    setWord(data, chunk + CHUNK.valueBytes, end - timeBytes)
    setDouble(data, chunk + CHUNK.first, times[0] as number)
    setDouble(data, chunk + CHUNK.last, times[count - 1] as number)
    const bytes = data.bytes[chunk >>> SEGMENT_WORD_BITS] as Uint8Array
    const bytesAt = ((chunk & SEGMENT_WORD_MASK) + CHUNK.header) * 4
    for (let i = 0; i < end; i++) bytes[bytesAt + i] = packed[i] as number
    setWord(records, record + RECORD.chunks, wordAt(records, record + RECORD.chunks) + 1)
    storeWord(records, record + RECORD.chunk, chunk)
  }
}
