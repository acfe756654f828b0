import type { ThemeName } from '@vantage/charts'
import type { CatalogueMetric } from '../explore/catalogue.ts'
import type { LiveChart } from './live-chart.ts'
import { ServerClock } from './server-clock.ts'
import type { FromWorker, LineFigures, LinkFacts, LiveFigures, StripState, ToWorker } from './worker-messages.ts'

/** How far back the server is asked, and the page keeps, ms. */
export const BACKFILL_MS = 300_000

/** What is shown in words and as cards; it changes rarely. */
export interface LiveFacts extends LinkFacts {
  readonly charts: readonly LiveChart[]
  readonly hosts: readonly string[]
}

export const NO_FACTS: LiveFacts = {
  connection: 'connecting',
  charts: [],
  hosts: [],
  matched: 0,
  failure: undefined,
  lostSinceMs: 0,
  dropped: 0,
}

const NO_FIGURES: LiveFigures = { framesPerSecond: 0, late: 0, targetHz: 60, fresh: 0 }

/** A chart that the worker draws on a canvas of the page. */
export interface LiveStripHandle {
  set(change: Partial<StripState>): void
  remove(): void
}

/**
 * One subscription with its view, as the page sees it: the worker owns socket, samples and drawing, the page says what
 * is shown where, and from when.
 */
export class LiveSession {
  readonly #worker: Worker
  readonly #clock = new ServerClock()
  readonly #motion = matchMedia('(prefers-reduced-motion: reduce)')
  readonly #listeners = new Set<() => void>()
  readonly #figuresListeners = new Set<() => void>()
  readonly #chartOfMetric = new Map<string, LiveChart>()
  readonly #waiting = new Map<number, (lines: readonly LineFigures[]) => void>()
  #facts = NO_FACTS
  #figures = NO_FIGURES
  #lastId = 0
  /** Right edge of all charts while frozen, unix ms. */
  #frozenAtMs: number | undefined

  constructor(matchers: string, seriesMax: number, metrics: readonly CatalogueMetric[]) {
    this.#worker = new Worker(LIVE_WORKER_URL, { type: 'module' })
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data)
    this.#motion.onchange = () => this.#tellMotion()
    this.#tellMotion()
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
    this.#send({
      kind: 'connect',
      url: `${scheme}//${location.host}/ws`,
      subscribe: { type: 'subscribe', id: 1, matchers, windowMs: BACKFILL_MS, maxSeries: seriesMax },
      metrics: metrics.map(({ name, type, unit }) => ({ name, type, unit })),
    })
  }

  close(): void {
    this.#motion.onchange = null
    this.#worker.terminate()
    this.#listeners.clear()
    this.#figuresListeners.clear()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly facts = (): LiveFacts => this.#facts

  /** Figures come once a second. */
  readonly subscribeFigures = (listener: () => void): (() => void) => {
    this.#figuresListeners.add(listener)
    return () => this.#figuresListeners.delete(listener)
  }

  readonly figures = (): LiveFigures => this.#figures

  /** The server's clock, unix ms. */
  nowMs(): number {
    return this.#clock.nowMs()
  }

  /** Right edge of all charts, unix ms. */
  viewEndMs(): number {
    return this.#frozenAtMs ?? this.nowMs()
  }

  /** @param atMs the right edge of all charts from now on; undefined lets them run */
  freeze(atMs: number | undefined): void {
    this.#frozenAtMs = atMs
    this.#send({ kind: 'freeze', atMs })
  }

  /** @param canvas that nothing was drawn on; from now on it is the worker's */
  addStrip(canvas: HTMLCanvasElement, theme: ThemeName): LiveStripHandle {
    const strip = ++this.#lastId
    const offscreen = canvas.transferControlToOffscreen()
    this.#worker.postMessage({ kind: 'add-strip', strip, canvas: offscreen, theme } satisfies ToWorker, [offscreen])
    return {
      set: (change) => this.#send({ kind: 'set-strip', strip, change }),
      remove: () => this.#send({ kind: 'remove-strip', strip }),
    }
  }

  /** The figures of all lines by their keys. @param atMs the time asked for; undefined: the latest */
  async lineFigures(atMs: number | undefined): Promise<ReadonlyMap<string, LineFigures>> {
    const ask = ++this.#lastId
    const lines = await new Promise<readonly LineFigures[]>((settle) => {
      this.#waiting.set(ask, settle)
      this.#send({ kind: 'ask', ask, atMs })
    })
    return new Map(lines.map((one) => [one.key, one]))
  }

  #tellMotion(): void {
    this.#send({ kind: 'motion', isReduced: this.#motion.matches })
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message)
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'clock':
        this.#clock.set(message.nowMs)
        return
      case 'facts':
        for (const chart of message.charts) this.#chartOfMetric.set(chart.metric, chart)
        this.#facts = {
          ...this.#facts,
          ...message.change,
          ...(message.charts.length === 0 ? {} : structureOf([...this.#chartOfMetric.values()])),
        }
        for (const listener of this.#listeners) listener()
        return
      case 'figures':
        this.#figures = message.figures
        for (const listener of this.#figuresListeners) listener()
        return
      case 'answer':
        this.#waiting.get(message.ask)?.(message.lines)
        this.#waiting.delete(message.ask)
    }
  }
}

function structureOf(charts: readonly LiveChart[]): Pick<LiveFacts, 'charts' | 'hosts'> {
  const hosts = new Set<string>()
  for (const { lines } of charts) for (const { labels } of lines) if (labels['instance']) hosts.add(labels['instance'])
  return { charts, hosts: [...hosts].sort() }
}
