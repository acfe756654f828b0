import { ERRORS, FRAME_BYTES_MAX, SETTINGS, WINDOW_BYTES_DEFAULT, WINDOW_BYTES_MAX } from './frames.ts'

const FRAME_BYTES_LIMIT = 2 ** 24 - 1

/** What the client has announced of itself, as far as we send by it. Source: RFC 9113 section 6.5. */
export class PeerSettings {
  /** False until its first SETTINGS came. */
  isKnown = false
  initialWindowBytes = WINDOW_BYTES_DEFAULT

  /** @returns what is wrong with the frame */
  take(payload: Buffer): { code: number; text: string } | undefined {
    if (payload.length % 6 !== 0) return { code: ERRORS.frameSize, text: 'SETTINGS: want 6 bytes each' }
    this.isKnown = true
    for (let at = 0; at < payload.length; at += 6) {
      const id = payload.readUInt16BE(at)
      const value = payload.readUInt32BE(at + 2)
      if (id === SETTINGS.enablePush && value > 1) {
        return { code: ERRORS.protocol, text: `SETTINGS_ENABLE_PUSH: want 0 or 1, got ${value}` }
      }
      if (id === SETTINGS.maxFrameSize && (value < FRAME_BYTES_MAX || value > FRAME_BYTES_LIMIT)) {
        return { code: ERRORS.protocol, text: `SETTINGS_MAX_FRAME_SIZE: want 16384 to 16777215, got ${value}` }
      }
      if (id !== SETTINGS.initialWindowSize) continue
      if (value > WINDOW_BYTES_MAX) {
        return { code: ERRORS.flowControl, text: `SETTINGS_INITIAL_WINDOW_SIZE: want at most 2^31 - 1, got ${value}` }
      }
      this.initialWindowBytes = value
    }
    return undefined
  }
}
