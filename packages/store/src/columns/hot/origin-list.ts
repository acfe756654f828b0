import type { ByteRanges, Origin } from '@vantage/model'

/** What both kinds of batches say of their origins. */
export interface BatchOrigins {
  readonly originCount: number
  readonly originBytes: ByteRanges
  readonly originSpace: number
  readonly originOf: (origin: number) => Origin
}

/**
 * The origins of some chunks, in the order they were met: a row holds the place of its own. Found again by the bytes
 * that the sender wrote; different bytes may mean equal origins.
 */
export class OriginList {
  readonly epoch: number
  readonly origins: Origin[] = []
  readonly #keys: { readonly space: number; readonly bytes: Uint8Array }[] = []
  readonly #byHash = new Map<number, number[]>()

  constructor(epoch: number) {
    this.epoch = epoch
  }

  /** Places of all origins of a batch, written to `out`, which has the room. */
  intern(batch: BatchOrigins, out: Int32Array): void {
    const { bytes, from, to } = batch.originBytes
    for (let i = 0; i < batch.originCount; i++) {
      out[i] = this.#find(batch, i, bytes, from[i] as number, to[i] as number)
    }
  }

  #find(batch: BatchOrigins, origin: number, bytes: Uint8Array, from: number, to: number): number {
    const hash = hashBytes(bytes, from, to, batch.originSpace)
    const places = this.#byHash.get(hash)
    for (const place of places ?? []) {
      const key = this.#keys[place] as { space: number; bytes: Uint8Array }
      if (key.space === batch.originSpace && isEqual(key.bytes, bytes, from, to)) return place
    }
    const place = this.origins.length
    this.origins.push(batch.originOf(origin))
    this.#keys.push({ space: batch.originSpace, bytes: bytes.slice(from, to) })
    if (places === undefined) this.#byHash.set(hash, [place])
    else places.push(place)
    return place
  }
}

/** FNV-1a. Senders who make it collide slow down their own tenant only: all bytes are compared. */
function hashBytes(bytes: Uint8Array, from: number, to: number, seed: number): number {
  let hash = 0x811c9dc5 ^ seed
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  return hash | 0
}

function isEqual(key: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (key.length !== to - from) return false
  for (let i = 0; i < key.length; i++) if (key[i] !== bytes[from + i]) return false
  return true
}
