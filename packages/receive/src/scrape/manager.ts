import type { Clock, MetricMetadata } from '@vantage/model'
import type { Logger } from '@vantage/observe'
import { Discoverer, type DiscoveryDeps } from './discovery.ts'
import { BodyFetcher } from './fetch-body.ts'
import type { ScrapeJob, TargetGroup } from './job.ts'
import { ScrapeLoop, type ScrapeSink, type TargetState } from './loop.ts'
import { type DroppedTarget, type Target, targetsOf } from './target.ts'

/** Dropped targets that are kept to be shown. */
const DROPPED_MAX = 10_000

export interface ScrapeManagerDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly sink: ScrapeSink
  readonly parse: DiscoveryDeps['parse']
  readonly resolver: DiscoveryDeps['resolver']
  readonly isShedding: () => boolean
}

export interface ActiveTarget {
  readonly target: Target
  readonly state: TargetState
}

/** A job with the text it was made from, to tell whether it changed. */
export interface NamedJob {
  readonly job: ScrapeJob
  readonly fingerprint: string
}

/** Scrapes the targets of all jobs; jobs come and go while it runs. */
export class ScrapeManager {
  readonly #deps: ScrapeManagerDeps
  readonly #pools = new Map<string, { pool: ScrapePool; fingerprint: string }>()

  constructor(deps: ScrapeManagerDeps) {
    this.#deps = deps
  }

  /** Makes `jobs` the jobs that run: unchanged ones go on undisturbed. Resolves once those that went have ended. */
  async apply(jobs: readonly NamedJob[]): Promise<void> {
    const wanted = new Map(jobs.map((one) => [one.job.name, one]))
    const ending: Promise<void>[] = []
    for (const [name, { pool, fingerprint }] of this.#pools) {
      if (wanted.get(name)?.fingerprint === fingerprint) continue
      this.#pools.delete(name)
      ending.push(pool.stop(true))
    }
    await Promise.all(ending)
    for (const { job, fingerprint } of jobs) {
      if (this.#pools.has(job.name)) continue
      this.#pools.set(job.name, { pool: new ScrapePool(job, this.#deps), fingerprint })
    }
  }

  /** Stops scraping; series go on after the next start, so nothing is ended. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map(({ pool }) => pool.stop(false)))
    this.#pools.clear()
  }

  pools(): string[] {
    return [...this.#pools.keys()]
  }

  /** Undefined where no job that runs has the name. */
  job(name: string): ScrapeJob | undefined {
    return this.#pools.get(name)?.pool.job
  }

  active(): ActiveTarget[] {
    return [...this.#pools.values()].flatMap(({ pool }) => pool.active())
  }

  metadata(target: Target): readonly MetricMetadata[] {
    return this.#deps.sink.metadata(target)
  }

  dropped(): DroppedTarget[] {
    return [...this.#pools.values()].flatMap(({ pool }) => [...pool.dropped])
  }

  /** Scrapes a target now. @returns undefined where there is none of this id */
  async scrapeNow(id: string): Promise<TargetState | undefined> {
    for (const { pool } of this.#pools.values()) {
      const loop = pool.loop(id)
      if (loop !== undefined) return loop.scrapeNow()
    }
    return undefined
  }
}

/** The targets of one job. */
class ScrapePool {
  readonly job: ScrapeJob
  readonly #deps: ScrapeManagerDeps
  readonly #fetcher: BodyFetcher
  readonly #discoverers: Discoverer[]
  readonly #groups: (readonly TargetGroup[])[]
  readonly #loops = new Map<string, ScrapeLoop>()
  readonly #ending = new Set<Promise<void>>()
  dropped: readonly DroppedTarget[] = []

  constructor(job: ScrapeJob, deps: ScrapeManagerDeps) {
    this.job = job
    this.#deps = deps
    this.#fetcher = new BodyFetcher(job.access)
    this.#groups = job.discoveries.map(() => [])
    const discoveryDeps: DiscoveryDeps = {
      parse: deps.parse,
      resolver: deps.resolver,
      refreshed: (discovery, problem) => {
        if (problem === undefined) return
        deps.logger.warnSparsely(`discovery ${job.name}`, 'a discovery failed', {
          job: job.name,
          kind: discovery.kind,
          problem,
        })
      },
    }
    this.#discoverers = job.discoveries.map(
      (discovery, i) =>
        new Discoverer(discovery, discoveryDeps, (groups) => {
          this.#groups[i] = groups
          this.#sync()
        }),
    )
  }

  active(): ActiveTarget[] {
    return [...this.#loops.values()].map(({ target, state }) => ({ target, state }))
  }

  loop(id: string): ScrapeLoop | undefined {
    return this.#loops.get(id)
  }

  async stop(isGone: boolean): Promise<void> {
    for (const discoverer of this.#discoverers) discoverer.stop()
    await Promise.all([...this.#ending, ...[...this.#loops.values()].map((loop) => loop.stop(isGone))])
    this.#loops.clear()
    this.#fetcher.close()
  }

  /** Starts loops of new targets and ends those of targets that went; the others are not disturbed. */
  #sync(): void {
    const wanted = new Map<string, Target>()
    const dropped: DroppedTarget[] = []
    for (const group of this.#groups.flat()) {
      const made = targetsOf(this.job, group)
      for (const target of made.targets) wanted.set(target.id, target)
      dropped.push(...made.dropped.slice(0, DROPPED_MAX - dropped.length))
      for (const problem of made.problems) {
        this.#deps.logger.warnSparsely(`target ${this.job.name}`, 'a target cannot be scraped', { problem })
      }
    }
    this.dropped = dropped
    for (const [id, loop] of this.#loops) {
      if (wanted.has(id)) continue
      this.#loops.delete(id)
      const ended = loop.stop(true).finally(() => this.#ending.delete(ended))
      this.#ending.add(ended)
    }
    for (const [id, target] of wanted) {
      if (!this.#loops.has(id)) this.#loops.set(id, new ScrapeLoop(target, { ...this.#deps, fetcher: this.#fetcher }))
    }
  }
}
