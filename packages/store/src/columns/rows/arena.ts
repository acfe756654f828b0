import { nativeMemory } from '@vantage/bytes'

const ARENA_BYTES_MIN = 4096
/** Of memory that the SIMD loops reach: whole pages, and the attributes of a row group that is as large as it may be. */
const NATIVE_BYTES_MIN = 1024 * 1024
const NATIVE_BYTES_MAX = 64 * 1024 * 1024

/** Memory of at least so many bytes. @param isNative where the SIMD loops reach it, if there is such memory */
export function takeArena(bytes: number, isNative: boolean): Uint8Array {
  const native = isNative ? nativeMemory() : undefined
  const size = Math.max(NATIVE_BYTES_MIN, 2 ** Math.ceil(Math.log2(bytes)))
  const address = native === undefined || size > NATIVE_BYTES_MAX ? -1 : native.allocate(size)
  if (native !== undefined && address >= 0) return native.bytes.subarray(address, address + size)
  return new Uint8Array(Math.max(ARENA_BYTES_MIN, bytes))
}

/** The bytes may be given to others. */
export function giveArena(bytes: Uint8Array): void {
  const native = nativeMemory()
  const address = native?.addressOf(bytes) ?? -1
  if (native !== undefined && address >= 0) native.free(address, bytes.length)
}
