/** Frames of HTTP/2. Source: RFC 9113 sections 4, 6 and 7. */

export const FRAME_HEAD_BYTES = 9
/** SETTINGS_MAX_FRAME_SIZE, ours and the least that a peer takes. */
export const FRAME_BYTES_MAX = 16_384
export const WINDOW_BYTES_MAX = 2 ** 31 - 1
export const WINDOW_BYTES_DEFAULT = 65_535
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export const FRAMES = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const FLAGS = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const

export const ERRORS = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
} as const

export const SETTINGS = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const

const NOTHING = Buffer.alloc(0)

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = NOTHING): Buffer {
  const out = Buffer.allocUnsafe(FRAME_HEAD_BYTES + payload.length)
  out.writeUIntBE(payload.length, 0, 3)
  out[3] = type
  out[4] = flags
  out.writeUInt32BE(stream, 5)
  out.set(payload, FRAME_HEAD_BYTES)
  return out
}

/** One word: WINDOW_UPDATE's increment, RST_STREAM's code. */
export function wordFrame(type: number, stream: number, word: number): Buffer {
  const out = frame(type, 0, stream, Buffer.allocUnsafe(4))
  out.writeUInt32BE(word, FRAME_HEAD_BYTES)
  return out
}

/** A header block in HEADERS and, where it is long, CONTINUATION. */
export function headerFrames(stream: number, block: Buffer, isLast: boolean): Buffer[] {
  const out: Buffer[] = []
  const endStream = isLast ? FLAGS.endStream : 0
  for (let at = 0; at === 0 || at < block.length; at += FRAME_BYTES_MAX) {
    const part = block.subarray(at, at + FRAME_BYTES_MAX)
    const end = at + FRAME_BYTES_MAX >= block.length ? FLAGS.endHeaders : 0
    out.push(frame(at === 0 ? FRAMES.headers : FRAMES.continuation, (at === 0 ? endStream : 0) | end, stream, part))
  }
  return out
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * 6)
  settings.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6)
    payload.writeUInt32BE(value, i * 6 + 2)
  })
  return frame(FRAMES.settings, 0, 0, payload)
}

export function goAwayFrame(lastStream: number, code: number, text: string): Buffer {
  const payload = Buffer.alloc(8)
  payload.writeUInt32BE(lastStream, 0)
  payload.writeUInt32BE(code, 4)
  return frame(FRAMES.goAway, 0, 0, Buffer.concat([payload, Buffer.from(text)]))
}
