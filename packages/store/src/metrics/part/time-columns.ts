import { encodeValues, type ValueScratch, valuesBytesMax } from '../codec/value-codec.ts'
import { finishHash, mixWord } from '../hash.ts'
import { CHUNK_SAMPLES_MAX } from '../limits.ts'
import { ByteSink } from './byte-sink.ts'
import { SECTION } from './layout.ts'
import type { PartFile } from './part-file.ts'

/** Time columns, each content once. */
export class TimeColumns {
  readonly #byHash = new Map<number, number[]>()
  readonly #columns: { times: Float64Array; page: number; at: number }[] = []
  readonly #bytes = new Uint8Array(valuesBytesMax(CHUNK_SAMPLES_MAX))
  readonly #scratch: ValueScratch

  constructor(scratch: ValueScratch) {
    this.#scratch = scratch
  }

  /** @returns the column of exactly these times */
  intern(times: Float64Array, file: PartFile): number {
    let hash = times.length
    for (let i = 0; i < times.length; i++) hash = mixWord(hash, (times[i] as number) | 0)
    hash = finishHash(hash)
    const same = this.#byHash.get(hash) ?? []
    for (const id of same) if (isEqual((this.#columns[id] as { times: Float64Array }).times, times)) return id
    const copy = times.slice()
    const end = encodeValues(copy, new Uint32Array(copy.buffer), copy.length, this.#bytes, 0, this.#scratch)
    const place = file.addBlock(this.#bytes, end)
    this.#columns.push({ times: copy, ...place })
    same.push(this.#columns.length - 1)
    this.#byHash.set(hash, same)
    return this.#columns.length - 1
  }

  write(file: PartFile): void {
    const out = new ByteSink()
    out.varint(this.#columns.length)
    for (const { times, page, at } of this.#columns) {
      out.varint(times.length)
      out.varint(page)
      out.varint(at)
      out.f64(times[0] as number)
      out.f64(times[times.length - 1] as number)
    }
    file.addSection(SECTION.timeColumns, out.view())
  }
}

function isEqual(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
