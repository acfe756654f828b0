import { Resolver } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import type { Clock } from '@vantage/model'
import type { Logger } from '@vantage/observe'
import { type NamedJob, ScrapeManager, type SubmitIntake, type TargetState } from '@vantage/receive'
import { parse as parseYaml } from 'yaml'
import type { DecoderLimits } from '../intake/decoders.ts'
import { readScrapeFile } from './prometheus-yml.ts'
import type { RegisteredTargets } from './registered-targets.ts'
import { ScrapeIntake } from './sink.ts'

export interface ScrapingOptions {
  readonly submit: SubmitIntake
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: DecoderLimits
  /** `prometheus.yml`; undefined = only targets that were registered. */
  readonly file: string | undefined
  readonly registered: RegisteredTargets
  readonly maxBodyBytes: number
  readonly maxSamples: number
  readonly isShedding: () => boolean
}

/** The file that the configuration names cannot be read or says what no scrape can follow. */
export class ScrapeConfigError extends Error {}

/** Everything that is scraped: the jobs of the file and the targets that were registered while running. */
export class Scraping {
  readonly #options: ScrapingOptions
  readonly #manager: ScrapeManager
  #fileJobs: readonly NamedJob[] = []
  #fileText = ''
  #problem: string | undefined
  #readAtMs = 0
  /** Changes follow each other. */
  #changing: Promise<unknown> = Promise.resolve()

  constructor(options: ScrapingOptions) {
    this.#options = options
    const { submit, clock, logger, limits, maxSamples } = options
    this.#manager = new ScrapeManager({
      clock,
      logger,
      sink: new ScrapeIntake({ submit, clock, limits, maxSamples }),
      parse: parseYaml,
      resolver: new Resolver(),
      isShedding: options.isShedding,
    })
  }

  get manager(): ScrapeManager {
    return this.#manager
  }

  get registered(): RegisteredTargets {
    return this.#options.registered
  }

  /** The file as it was last read well; '' without one. */
  get fileText(): string {
    return this.#fileText
  }

  /** Why the last reload changed nothing; undefined where it did not fail. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** When the file was last read well, unix ms. */
  get readAtMs(): number {
    return this.#readAtMs
  }

  /** Reads the file again and applies it. @returns why the old configuration stays, or undefined */
  reload(): Promise<string | undefined> {
    return this.#inTurn(async () => {
      this.#problem = await this.#readFile()
      if (this.#problem === undefined) {
        this.#readAtMs = this.#options.clock.nowMs()
        await this.#apply()
      }
      return this.#problem
    })
  }

  /** Starts and ends registered targets as the list says now. */
  applyRegistered(): Promise<void> {
    return this.#inTurn(() => this.#apply())
  }

  scrapeNow(id: string): Promise<TargetState | undefined> {
    return this.#manager.scrapeNow(id)
  }

  close(): Promise<void> {
    return this.#inTurn(() => this.#manager.close())
  }

  async #readFile(): Promise<string | undefined> {
    const { file, maxBodyBytes, logger } = this.#options
    if (file === undefined) return undefined
    let text: string
    try {
      text = await readFile(file, 'utf8')
    } catch (error) {
      return (error as Error).message
    }
    const read = readScrapeFile(text, file, { maxBodyBytes })
    if (!read.ok) return read.error
    for (const warning of read.value.warnings) logger.warn('scrape configuration', { file, warning })
    this.#fileJobs = read.value.jobs
    this.#fileText = text
    return undefined
  }

  #apply(): Promise<void> {
    const { registered, maxBodyBytes } = this.#options
    return this.#manager.apply([...this.#fileJobs, ...registered.jobs(maxBodyBytes)])
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#changing.then(change)
    this.#changing = done.catch(() => {})
    return done
  }
}
