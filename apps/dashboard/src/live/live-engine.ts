import type { LiveMessage } from '@vantage/api/client'
import { LiveStage, LiveStrip, type StripSeries } from '@vantage/charts'
import { type Gap, LiveData } from './live-data.ts'
import { LiveSocket } from './live-socket.ts'
import { ServerClock } from './server-clock.ts'
import type { FromWorker, LinkFacts, StripState, ToWorker } from './worker-messages.ts'

const FIGURES_EVERY_MS = 1_000

/**
 * Receives, keeps and draws all samples of a page, in the worker: the page's own thread has no part in a frame. Facts
 * are told when series come, the connection changes or samples are lost, never per sample.
 */
export class LiveEngine {
  readonly #post: (message: FromWorker) => void
  readonly #clock = new ServerClock()
  readonly #stage: LiveStage
  readonly #strips = new Map<number, LiveStrip>()
  #data = new LiveData([])
  #frozenAtMs: number | undefined
  #takenAtFreeze = 0
  #isMotionReduced = false
  #lostSinceMs = 0
  #dropped = 0

  constructor(post: (message: FromWorker) => void) {
    this.#post = post
    this.#stage = new LiveStage(
      () => this.#viewEndMs(),
      () => this.#isMotionReduced,
    )
  }

  receive(message: ToWorker): void {
    switch (message.kind) {
      case 'connect':
        this.#connect(message)
        return
      case 'add-strip': {
        const strip = new LiveStrip(message.canvas, message.theme)
        this.#strips.set(message.strip, strip)
        this.#stage.add(strip)
        return
      }
      case 'set-strip':
        this.#setStrip(this.#strips.get(message.strip) as LiveStrip, message.change)
        return
      case 'remove-strip':
        this.#stage.remove(this.#strips.get(message.strip) as LiveStrip)
        this.#strips.delete(message.strip)
        return
      case 'freeze':
        this.#freeze(message.atMs)
        return
      case 'motion':
        this.#isMotionReduced = message.isReduced
        return
      case 'ask':
        this.#post({ kind: 'answer', ask: message.ask, lines: this.#data.figures(message.atMs) })
    }
  }

  /** Draws everything anew. */
  redraw(): void {
    this.#stage.invalidateAll()
  }

  #viewEndMs(): number {
    return this.#frozenAtMs ?? this.#clock.nowMs()
  }

  #connect({ url, subscribe, metrics }: Extract<ToWorker, { kind: 'connect' }>): void {
    this.#data = new LiveData(metrics)
    new LiveSocket(url, subscribe, {
      onLost: () => {
        this.#lostSinceMs ||= this.#data.lastSampleMs
        this.#tell({ connection: 'lost', lostSinceMs: this.#lostSinceMs })
      },
      onMessage: (message) => this.#take(message),
      onFrame: (samples) => this.#data.takeFrame(samples),
    })
    this.#stage.start()
    setInterval(() => this.#tellFigures(), FIGURES_EVERY_MS)
  }

  #take(message: LiveMessage): void {
    switch (message.type) {
      case 'subscribed': {
        this.#clock.set(message.nowMs)
        this.#post({ kind: 'clock', nowMs: message.nowMs })
        const { charts, gap } = this.#data.subscribed(message, this.#lostSinceMs)
        if (gap !== undefined) this.#addGap(gap)
        this.redraw()
        this.#lostSinceMs = 0
        const { total } = message
        this.#tell({ connection: 'open', matched: total, lostSinceMs: 0, failure: undefined }, charts)
        return
      }
      case 'series':
        this.#tell(
          message.isTruncated ? { matched: Number.POSITIVE_INFINITY } : {},
          this.#data.addSeries(message.series),
        )
        return
      case 'gap':
        this.#addGap(message)
        this.#dropped += message.dropped
        this.#tell({ dropped: this.#dropped })
        return
      case 'error':
        this.#tell({
          connection: 'open',
          failure: message.canRetry ? `${message.message}. Trying again by itself.` : message.message,
        })
    }
  }

  #setStrip(strip: LiveStrip, change: Partial<StripState>): void {
    const { unit, fromZero, windowMs, theme, size, lines, isVisible } = change
    if (unit !== undefined) strip.unit = unit
    if (fromZero !== undefined) strip.fromZero = fromZero
    if (windowMs !== undefined) strip.windowMs = windowMs
    if ('threshold' in change) strip.threshold = change.threshold
    if (theme !== undefined) strip.setTheme(theme)
    if (lines !== undefined) {
      strip.setSeries(lines.map((line) => ({ ...line, ring: this.#data.ringOf(line.key) }) as StripSeries))
    }
    if (size !== undefined) strip.resize(size.width, size.height, size.ratio)
    if (isVisible !== undefined) this.#stage.setVisible(strip, isVisible)
    if ('pointerPx' in change) {
      const { pointerPx } = change
      strip.pointerMs = pointerPx === undefined ? undefined : strip.timeAt(pointerPx, this.#viewEndMs())
    } else strip.invalidate()
  }

  #freeze(atMs: number | undefined): void {
    if (this.#frozenAtMs === undefined) this.#takenAtFreeze = this.#data.samplesTaken
    this.#frozenAtMs = atMs
    this.redraw()
    this.#tellFigures()
  }

  #addGap({ fromMs, toMs }: Gap): void {
    for (const strip of this.#strips.values()) strip.addGap(fromMs, toMs)
  }

  #tell(change: Partial<LinkFacts>, charts: Extract<FromWorker, { kind: 'facts' }>['charts'] = []): void {
    this.#post({ kind: 'facts', change, charts })
  }

  #tellFigures(): void {
    const fresh = this.#frozenAtMs === undefined ? 0 : this.#data.samplesTaken - this.#takenAtFreeze
    this.#post({ kind: 'figures', figures: { ...this.#stage.figures(), fresh } })
  }
}
