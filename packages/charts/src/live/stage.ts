import type { LiveStrip } from './strip.ts'

/** Frame rates from good to frugal; quality steps down before frames drop. */
const FRAME_RATES_HZ: readonly number[] = [60, 30, 20]
/** With `prefers-reduced-motion` charts step twice a second. */
const REDUCED_HZ = 2
/** Frames are counted over this span. */
const COUNT_OVER_MS = 1_000
/** A span whose frames took longer than this share of the time steps the rate down. */
const BUSY_SHARE_MAX = 0.6
/** Calm spans before the rate steps up again. */
const CALM_SPANS_UP = 10
/** The golden section: however many strips there are, their phases lie apart. */
const PHASE_STEP = (Math.sqrt(5) - 1) / 2

export interface StageFigures {
  readonly framesPerSecond: number
  /** Display frames that came too late, since the start. */
  readonly late: number
  readonly targetHz: number
}

/**
 * Runs all strips of a page from one `requestAnimationFrame`, of the page or of a worker. Strips that are not visible are not
 * drawn; their rings fill all the same. The owner says what time is at the right edge.
 */
export class LiveStage {
  readonly #strips = new Set<LiveStrip>()
  readonly #visible = new Set<LiveStrip>()
  readonly #viewEndMs: () => number
  readonly #isReducedMotion: () => boolean
  #rate = 0
  #lastDrawMs = 0
  #lastTickMs = 0
  #spanStartMs = 0
  #spanFrames = 0
  #spanBusyMs = 0
  #calmSpans = 0
  #late = 0
  #framesPerSecond = 0
  #added = 0

  constructor(viewEndMs: () => number, isReducedMotion: () => boolean) {
    this.#viewEndMs = viewEndMs
    this.#isReducedMotion = isReducedMotion
  }

  add(strip: LiveStrip): void {
    strip.phase = (this.#added++ * PHASE_STEP) % 1
    this.#strips.add(strip)
  }

  remove(strip: LiveStrip): void {
    this.#strips.delete(strip)
    this.#visible.delete(strip)
  }

  setVisible(strip: LiveStrip, isVisible: boolean): void {
    if (isVisible && this.#strips.has(strip)) {
      if (!this.#visible.has(strip)) strip.invalidate()
      this.#visible.add(strip)
    } else this.#visible.delete(strip)
  }

  /** Once; it ends with its thread. */
  start(): void {
    requestAnimationFrame(this.#tick)
  }

  invalidateAll(): void {
    for (const strip of this.#strips) strip.invalidate()
  }

  figures(): StageFigures {
    return { framesPerSecond: this.#framesPerSecond, late: this.#late, targetHz: FRAME_RATES_HZ[this.#rate] as number }
  }

  // A field, not a method: one function for all frames.
  readonly #tick = (nowMs: number): void => {
    requestAnimationFrame(this.#tick)
    if (this.#lastTickMs > 0 && nowMs - this.#lastTickMs > 25) this.#late++
    this.#lastTickMs = nowMs
    const hz = this.#isReducedMotion() ? REDUCED_HZ : (FRAME_RATES_HZ[this.#rate] as number)
    // Six milliseconds of slack: display frames do not arrive on the millisecond.
    if (hz < 60 && nowMs - this.#lastDrawMs < 1000 / hz - 6) return
    this.#lastDrawMs = nowMs
    const startMs = performance.now()
    const viewEndMs = this.#viewEndMs()
    for (const strip of this.#visible) strip.frame(viewEndMs, nowMs)
    this.#count(nowMs, performance.now() - startMs)
  }

  #count(nowMs: number, busyMs: number): void {
    if (this.#spanStartMs === 0) this.#spanStartMs = nowMs
    this.#spanFrames++
    this.#spanBusyMs += busyMs
    const spanMs = nowMs - this.#spanStartMs
    if (spanMs < COUNT_OVER_MS) return
    this.#framesPerSecond = Math.round(((this.#spanFrames - 1) * 1000) / spanMs)
    const share = this.#spanBusyMs / spanMs
    if (share > BUSY_SHARE_MAX && this.#rate < FRAME_RATES_HZ.length - 1) {
      this.#rate++
      this.#calmSpans = 0
    } else if (share < BUSY_SHARE_MAX / 3 && this.#rate > 0 && ++this.#calmSpans >= CALM_SPANS_UP) {
      this.#rate--
      this.#calmSpans = 0
    }
    this.#spanStartMs = nowMs
    this.#spanFrames = 1
    this.#spanBusyMs = 0
  }
}
