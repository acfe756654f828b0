import type { StoredPart } from '../queries.ts'

/** Source: ulid/spec, "Crockford's Base32". */
const BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const ULID_CHARS = 26

/** A part as Prometheus describes a block; times are unix ms, the end is the first that it does not hold. */
export function blockOf(part: StoredPart): unknown {
  const ulid = ulidOf(part)
  return {
    ulid,
    minTime: part.minTimeMs,
    maxTime: part.maxTimeMs + 1,
    stats: { numSamples: part.sampleCount, numSeries: part.seriesCount, numBytes: part.bytes },
    // Levels begin at 1 there.
    compaction: { level: part.level + 1, sources: [ulid] },
    version: 1,
    // Not in Prometheus.
    file: part.fileName,
  }
}

/** Clients read an id of this form: 48 bits of when the data came, then 80 that are the part's own. */
function ulidOf({ arrivedMs, id, checksum }: StoredPart): string {
  let bits = (BigInt(Math.max(0, Math.floor(arrivedMs))) << 80n) | (BigInt(id) << 32n) | BigInt(checksum >>> 0)
  let text = ''
  for (let i = 0; i < ULID_CHARS; i++) {
    text = (BASE32[Number(bits & 31n)] as string) + text
    bits >>= 5n
  }
  return text
}
