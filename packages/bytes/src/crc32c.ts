/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), eight bytes a step by eight tables ("slicing by 8").
 * Source: RFC 3720 appendix B.4.
 */
const POLYNOMIAL = 0x82f63b78

const TABLES = buildTables()

function buildTables(): Int32Array {
  const tables = new Int32Array(8 * 256)
  for (let n = 0; n < 256; n++) {
    let crc = n
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    tables[n] = crc
  }
  for (let n = 0; n < 256; n++) {
    let crc = tables[n] as number
    for (let slice = 1; slice < 8; slice++) {
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
  for (const wide = to - 7; at < wide; at += 8) {
    const low =
      sum ^
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24))
    sum =
      (t[1792 + (low & 0xff)] as number) ^
      (t[1536 + ((low >>> 8) & 0xff)] as number) ^
      (t[1280 + ((low >>> 16) & 0xff)] as number) ^
      (t[1024 + (low >>> 24)] as number) ^
      (t[768 + (bytes[at + 4] as number)] as number) ^
      (t[512 + (bytes[at + 5] as number)] as number) ^
      (t[256 + (bytes[at + 6] as number)] as number) ^
      (t[bytes[at + 7] as number] as number)
  }
  for (; at < to; at++) sum = (t[(sum ^ (bytes[at] as number)) & 0xff] as number) ^ (sum >>> 8)
  return ~sum >>> 0
}
