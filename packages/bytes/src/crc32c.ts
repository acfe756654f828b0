/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), sixteen bytes a step by sixteen tables ("slicing by 16").
 * Source: RFC 3720 appendix B.4.
 */
const POLYNOMIAL = 0x82f63b78
const SLICES = 16
/** Below it a view costs more than it saves. */
const SHORT_BYTES = 64

const TABLES = buildTables()

function buildTables(): Int32Array {
  const tables = new Int32Array(SLICES * 256)
  for (let n = 0; n < 256; n++) {
    let crc = n
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    tables[n] = crc
  }
  for (let n = 0; n < 256; n++) {
    let crc = tables[n] as number
    for (let slice = 1; slice < SLICES; slice++) {
      crc = (tables[crc & 0xff] as number) ^ (crc >>> 8)
      tables[slice * 256 + n] = crc
    }
  }
  return tables
}

/**
 * Checksum of bytes [from, to).
 * @param crc result for the bytes before these (0 at the start): the parts of a stream may be fed one by one
 * @returns unsigned 32 bits
 */
export function crc32c(bytes: Uint8Array, from = 0, to: number = bytes.length, crc = 0): number {
  const t = TABLES
  let sum = ~crc
  let at = from
  // Fast path: four words a step; each byte has a table of its own, so that the lookups do not wait for each other.
  if (to - from >= SHORT_BYTES) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (const wide = to - 15; at < wide; at += 16) {
      const a = sum ^ view.getInt32(at, true)
      const b = view.getInt32(at + 4, true)
      const c = view.getInt32(at + 8, true)
      const d = view.getInt32(at + 12, true)
      sum =
        (t[3840 + (a & 0xff)] as number) ^
        (t[3584 + ((a >>> 8) & 0xff)] as number) ^
        (t[3328 + ((a >>> 16) & 0xff)] as number) ^
        (t[3072 + (a >>> 24)] as number) ^
        (t[2816 + (b & 0xff)] as number) ^
        (t[2560 + ((b >>> 8) & 0xff)] as number) ^
        (t[2304 + ((b >>> 16) & 0xff)] as number) ^
        (t[2048 + (b >>> 24)] as number) ^
        (t[1792 + (c & 0xff)] as number) ^
        (t[1536 + ((c >>> 8) & 0xff)] as number) ^
        (t[1280 + ((c >>> 16) & 0xff)] as number) ^
        (t[1024 + (c >>> 24)] as number) ^
        (t[768 + (d & 0xff)] as number) ^
        (t[512 + ((d >>> 8) & 0xff)] as number) ^
        (t[256 + ((d >>> 16) & 0xff)] as number) ^
        (t[d >>> 24] as number)
    }
  }
  for (; at < to; at++) sum = (t[(sum ^ (bytes[at] as number)) & 0xff] as number) ^ (sum >>> 8)
  return ~sum >>> 0
}
