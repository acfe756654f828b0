import type { Socket } from 'node:net'
import { getUint32 } from '@vantage/bytes'

const NEWLINE = 0x0a
/** Bytes of one line, and of one frame, over a stream; a datagram is bounded by UDP itself. */
export const STATSD_LINE_BYTES_MAX = 65_536
const HEADER_BYTES = 4

export interface StreamSink {
  /** A chunk came, whatever is in it. */
  readonly received: () => void
  /** Whole lines; the last may lack its end. Borrowed until it returns. */
  readonly take: (bytes: Uint8Array) => void
  /** The sender broke the bounds and is cut off. */
  readonly tooLong: () => void
}

/**
 * Cuts a stream into what holds whole lines. @param mayBeFramed a sender may put a 32-bit length (little-endian) in front
 * of each of its packets, as DogStatsD clients do on unix sockets: text never has a zero byte where the length has one.
 */
export function readStatsdStream(socket: Socket, sink: StreamSink, mayBeFramed: boolean): void {
  let rest: Buffer = Buffer.alloc(0)
  let isFramed: boolean | undefined = mayBeFramed ? undefined : false
  socket.on('data', (chunk: Buffer) => {
    sink.received()
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    if (isFramed === undefined && rest.length >= HEADER_BYTES) isFramed = rest[HEADER_BYTES - 1] === 0
    if (isFramed === undefined) return
    const isLongLine = !isFramed && rest.indexOf(NEWLINE) > STATSD_LINE_BYTES_MAX
    const done = isLongLine ? 0 : isFramed ? takeFrames(rest, sink) : takeLines(rest, sink)
    // A copy: a chunk is far larger than the end of a line that waits for more.
    rest = Buffer.from(rest.subarray(done))
    const max = isFramed ? STATSD_LINE_BYTES_MAX + HEADER_BYTES : STATSD_LINE_BYTES_MAX
    if (rest.length <= max && !isLongLine && !(isFramed && isTooLong(rest))) return
    rest = Buffer.alloc(0)
    sink.tooLong()
    socket.destroy()
  })
  socket.on('end', () => {
    // A frame that is not whole says nothing.
    if (rest.length > 0 && isFramed !== true) sink.take(rest)
    socket.end()
  })
}

/** @returns the bytes that are done */
function takeLines(bytes: Buffer, sink: StreamSink): number {
  const end = bytes.lastIndexOf(NEWLINE) + 1
  if (end > 0) sink.take(bytes.subarray(0, end))
  return end
}

function takeFrames(bytes: Buffer, sink: StreamSink): number {
  let at = 0
  while (at + HEADER_BYTES <= bytes.length) {
    const length = getUint32(bytes, at)
    if (length > STATSD_LINE_BYTES_MAX || at + HEADER_BYTES + length > bytes.length) break
    sink.take(bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length))
    at += HEADER_BYTES + length
  }
  return at
}

function isTooLong(frame: Uint8Array): boolean {
  return frame.length >= HEADER_BYTES && getUint32(frame, 0) > STATSD_LINE_BYTES_MAX
}
