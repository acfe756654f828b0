/**
 * Loops over bytes that want 16 of them at a time. AssemblyScript: compiled by tools/build-wasm.ts into
 * src/native-module.ts. Addresses are those of the one memory; callers own the bounds (native-memory.ts).
 */

/**
 * Elements of a snappy block [at, end) to [out, out + length). As `unpack` of snappy.ts, which is its referee.
 * @returns bytes written, or −1 − place of the bad element, counted from `at`
 */
export function unpack(start: usize, end: usize, out: usize, length: i32): i32 {
  let at = start
  let to = out
  const limit = out + length
  while (at < end) {
    const elementAt = at
    const tag = <u32>load<u8>(at++)
    const kind = tag & 3
    if (kind == 0) {
      let run: usize = (tag >>> 2) + 1
      if (run > 60) {
        const width = run - 60
        if (at + width > end) return -1 - <i32>(elementAt - start)
        run = <usize>littleEndian(at, width) + 1
        at += width
      }
      // An announced run of 2^32 wraps to 0.
      if (run == 0 || run > end - at || run > limit - to) return -1 - <i32>(elementAt - start)
      copy(to, at, run)
      at += run
      to += run
      continue
    }
    let run: usize = (tag >>> 2) + 1
    let distance: usize
    if (kind == 1) {
      if (at >= end) return -1 - <i32>(elementAt - start)
      run = ((tag >>> 2) & 7) + 4
      distance = ((tag >>> 5) << 8) | <u32>load<u8>(at++)
    } else {
      const width: usize = kind == 2 ? 2 : 4
      if (at + width > end) return -1 - <i32>(elementAt - start)
      distance = <usize>littleEndian(at, width)
      at += width
    }
    if (distance == 0 || distance > to - out || run > limit - to) return -1 - <i32>(elementAt - start)
    const source = to - distance
    if (distance >= 16) copy(to, source, run)
    else if (distance >= 8) {
      for (let i: usize = 0; i < run; i += 8) store<u64>(to + i, load<u64>(source + i))
    } else {
      for (let i: usize = 0; i < run; i++) store<u8>(to + i, load<u8>(source + i))
    }
    to += run
  }
  return <i32>(to - out)
}

/** Reads and writes up to 15 bytes behind the run. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function copy(to: usize, from: usize, run: usize): void {
  v128.store(to, v128.load(from))
  for (let i: usize = 16; i < run; i += 16) v128.store(to + i, v128.load(from + i))
}

function littleEndian(at: usize, width: usize): u32 {
  let value = <u32>load<u8>(at)
  if (width > 1) value |= <u32>load<u8>(at + 1) << 8
  if (width > 2) value |= <u32>load<u8>(at + 2) << 16
  if (width > 3) value |= <u32>load<u8>(at + 3) << 24
  return value
}

const HASH_FACTOR = 0x1e35a7bd
/** Matches begin only where this many bytes follow. */
const TAIL_BYTES = 15

/**
 * Packs a fragment [start, end) of at most 64 KiB into snappy elements at `out`. As `packFragment` of snappy-pack.ts,
 * which is its referee. Up to 15 bytes behind the fragment are read, as many behind the elements written.
 * @param table 32 KiB, may hold rubbish
 * @returns bytes written
 */
export function pack(start: usize, end: usize, out: usize, table: usize): i32 {
  let bits = 8
  while (bits < 14 && <usize>1 << bits < end - start) bits++
  memory.fill(table, 0, <usize>2 << bits)
  const shift = 32 - bits
  const last = end - TAIL_BYTES
  let to = out
  let literalFrom = start
  let at = start + 1
  let misses: usize = 32
  while (at < last) {
    const word = load<u32>(at)
    const slot = table + ((<usize>((word * HASH_FACTOR) >>> shift)) << 1)
    const candidate = start + <usize>load<u16>(slot)
    store<u16>(slot, <u16>(at - start))
    if (load<u32>(candidate) != word) {
      at += misses++ >>> 5
      continue
    }
    misses = 32
    to = putLiteral(literalFrom, at, to)
    const behind = at + 4 + common(candidate + 4, at + 4, end)
    to = putCopy(at - candidate, behind - at, to)
    at = behind
    literalFrom = at
    if (at < last) {
      store<u16>(table + ((<usize>((load<u32>(at - 1) * HASH_FACTOR) >>> shift)) << 1), <u16>(at - 1 - start))
    }
  }
  return <i32>(putLiteral(literalFrom, end, to) - out)
}

/** How many bytes from `a` and `b` on are equal; `b` ends at `end`. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function common(a: usize, b: usize, end: usize): usize {
  let run: usize = 0
  while (b + run + 16 <= end) {
    const differ = i8x16.bitmask(i8x16.ne(v128.load(a + run), v128.load(b + run)))
    if (differ != 0) return run + ctz(differ)
    run += 16
  }
  while (b + run < end && load<u8>(a + run) == load<u8>(b + run)) run++
  return run
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function putLiteral(from: usize, end: usize, out: usize): usize {
  if (from == end) return out
  let to = out
  const code = end - from - 1
  if (code < 60) store<u8>(to++, <u8>(code << 2))
  else if (code < 256) {
    store<u8>(to++, 60 << 2)
    store<u8>(to++, <u8>code)
  } else {
    store<u8>(to, 61 << 2)
    store<u16>(to + 1, <u16>code)
    to += 3
  }
  copy(to, from, end - from)
  return to + (end - from)
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function putCopy(distance: usize, length: usize, out: usize): usize {
  let to = out
  let rest = length
  while (rest > 0) {
    if (rest >= 4 && rest < 12 && distance < 2048) {
      store<u8>(to, <u8>(((distance >>> 8) << 5) | ((rest - 4) << 2) | 1))
      store<u8>(to + 1, <u8>distance)
      return to + 2
    }
    const run: usize = rest < 64 ? rest : 64
    store<u8>(to, <u8>(((run - 1) << 2) | 2))
    store<u16>(to + 1, <u16>distance)
    to += 3
    rest -= run
  }
  return to
}

/** Bytes of one point that `numberPoints` writes: time f64, start f64 (unix ms), value 8, alias from and to u32. */
const POINT_BYTES = 32
const ALIAS_HEAD_BYTES = 17
const NS_PER_MS: u64 = 1000000
const SAFE_INTEGER: i64 = 9007199254740991

/**
 * Number points of OTLP at the front of the message [start, end), the data of a gauge or sum: fixed times and value, and
 * attributes that follow each other. Of each its 32 bytes go to `out`, its alias (17 bytes from `head`, then the
 * attribute fields) to `arena`. Ends before the first point that is anything else, which the plain decoder then reads.
 * Up to 15 bytes behind the message are read, and behind the aliases written.
 * @param max points that `out` and `arena` have room for
 * @returns how many points; the place behind the last is in the word before `out`
 */
export function numberPoints(start: usize, end: usize, out: usize, max: i32, arena: usize, head: usize): i32 {
  let at = start
  let to = arena
  let count = 0
  const high = v128.load(head)
  while (count < max && at + 2 <= end && load<u8>(at) == 0x0a) {
    let from = at + 2
    let length = <usize>load<u8>(at + 1)
    if (length >= 0x80) {
      if (from >= end) break
      const second = <usize>load<u8>(from++)
      if (second >= 0x80) break
      length = (length & 0x7f) | (second << 7)
    }
    const pointEnd = from + length
    const record = out + <usize>count * POINT_BYTES
    if (pointEnd > end || !numberPoint(from, pointEnd, record)) break
    const attributes = <usize>load<u32>(record + 24)
    const bytes = <usize>load<u32>(record + 28)
    v128.store(to, high)
    store<u8>(to + 16, load<u8>(head + 16))
    copy(to + ALIAS_HEAD_BYTES, attributes, bytes)
    store<u32>(record + 24, <u32>to)
    to += ALIAS_HEAD_BYTES + bytes
    store<u32>(record + 28, <u32>to)
    at = pointEnd
    count++
  }
  store<u32>(out - 4, <u32>at)
  return count
}

/** Writes times and value, then where the attributes are and how long. False where the point is not of that form. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function numberPoint(from: usize, end: usize, record: usize): bool {
  let at = from
  let time: u64 = 0
  let start: u64 = 0
  let value: u64 = 0
  let attributes: usize = from
  let attributesEnd: usize = from
  while (at < end) {
    const tag = load<u8>(at)
    if (tag == 0x3a) {
      if (at + 2 > end) return false
      let next = at + 2
      let length = <usize>load<u8>(at + 1)
      if (length >= 0x80) {
        if (next >= end) return false
        const second = <usize>load<u8>(next++)
        if (second >= 0x80) return false
        length = (length & 0x7f) | (second << 7)
      }
      next += length
      if (next > end) return false
      if (attributesEnd == attributes) attributes = at
      else if (attributesEnd != at) return false
      attributesEnd = next
      at = next
      continue
    }
    if (at + 9 > end) return false
    const word = load<u64>(at + 1)
    if (tag == 0x19) time = word
    else if (tag == 0x11) start = word
    else if (tag == 0x21) value = word
    else if (tag == 0x31) {
      const integer = <i64>word
      if (integer > SAFE_INTEGER || integer < -SAFE_INTEGER) return false
      value = reinterpret<u64>(<f64>integer)
    } else return false
    at += 9
  }
  store<f64>(record, <f64>(time / NS_PER_MS))
  store<f64>(record + 8, <f64>(start / NS_PER_MS))
  store<u64>(record + 16, value)
  store<u32>(record + 24, <u32>attributes)
  store<u32>(record + 28, <u32>(attributesEnd - attributes))
  return true
}

/**
 * Series of remote write at the front of a WriteRequest [start, end): labels that follow each other, then samples of a
 * value and a time, at least one. Ends before the first that is anything else, which the plain decoder then reads. Up to
 * 7 bytes behind the message are read.
 * @param out columns: times f64, values 8 bytes, label from, label to, and samples up to the row's end, i32 each
 * @param base added to the places of labels, counted from `start`; `samples` to the counts
 * @param maxSamples the first two columns' length, `maxRows` that of the others
 * @returns how many series; the place behind the last is in the word before `out`
 */
export function remoteSeries(
  start: usize,
  end: usize,
  out: usize,
  maxSamples: i32,
  maxRows: i32,
  base: i32,
  samples: i32,
): i32 {
  const times = out
  const values = times + (<usize>maxSamples << 3)
  const froms = values + (<usize>maxSamples << 3)
  const ends = froms + (<usize>maxRows << 2)
  const counts = ends + (<usize>maxRows << 2)
  let at = start
  let rows = 0
  let count = 0
  while (rows < maxRows && at + 3 < end && load<u8>(at) == 0x0a) {
    let next = at + 2
    let length = <usize>load<u8>(at + 1)
    if (length >= 0x80) {
      const second = <usize>load<u8>(next++)
      if (second >= 0x80) break
      length = (length & 0x7f) | (second << 7)
    }
    const seriesEnd = next + length
    if (seriesEnd > end) break
    const labels = next
    next = passLabels(next, seriesEnd)
    const labelsEnd = next
    const before = count
    while (next < seriesEnd && count < maxSamples) {
      const behind = readSample(next, seriesEnd, times + (<usize>count << 3), values + (<usize>count << 3))
      if (behind == 0) break
      next = behind
      count++
    }
    if (next != seriesEnd || count == before) {
      count = before
      break
    }
    store<i32>(froms + (<usize>rows << 2), base + <i32>(labels - start))
    store<i32>(ends + (<usize>rows << 2), base + <i32>(labelsEnd - start))
    store<i32>(counts + (<usize>rows << 2), samples + count)
    rows++
    at = seriesEnd
  }
  store<u32>(out - 4, <u32>at)
  return rows
}

/** @returns the place behind the labels of up to 127 bytes at the front */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function passLabels(from: usize, end: usize): usize {
  let at = from
  while (at + 1 < end && load<u8>(at) == 0x0a) {
    const length = <usize>load<u8>(at + 1)
    if (length > 0x7f || at + 2 + length > end) break
    at += 2 + length
  }
  return at
}

/** A value, then a time of up to 8 bytes of varint. @returns the place behind it; 0 where it is anything else */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function readSample(at: usize, end: usize, time: usize, value: usize): usize {
  if (at + 13 > end || load<u8>(at) != 0x12) return 0
  const length = <usize>load<u8>(at + 1)
  const behind = at + 2 + length
  if (length < 11 || length > 18 || behind > end || load<u8>(at + 2) != 0x09 || load<u8>(at + 11) != 0x10) return 0
  // Seven bits of each byte; all but the last have the high bit.
  const word = load<u64>(at + 12)
  const bytes = <u64>(length - 10)
  const mask: u64 = bytes == 8 ? 0x8080808080808080 : ((1 << (bytes << 3)) - 1) & 0x8080808080808080
  const lastOnly: u64 = 0x80 << ((bytes - 1) << 3)
  if ((word & mask) != (mask ^ lastOnly)) return 0
  let bits = word & 0x7f
  for (let i: u64 = 1; i < bytes; i++) bits |= ((word >> (i << 3)) & 0x7f) << (i * 7)
  store<f64>(time, <f64>bits)
  store<u64>(value, load<u64>(at + 3))
  return behind
}
