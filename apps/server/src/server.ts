import { randomInt } from 'node:crypto'
import { availableParallelism, hostname } from 'node:os'
import { type AskOptions, PrometheusApi, plainRoutes } from '@vantage/api'
import { NodeFileSystem } from '@vantage/bytes'
import { isJsonBatch } from '@vantage/decode/json-batch'
import {
  encodeExportResponse,
  encodeStatus,
  exportResponseJson,
  partialSuccess,
  statusJson,
} from '@vantage/decode/otlp'
import { SegmentLog } from '@vantage/log'
import { assert, DEFAULT_TENANT, type SeriesScan, systemClock, type TenantId } from '@vantage/model'
import { type Logger, Registry } from '@vantage/observe'
import {
  Auth,
  type GrpcServer,
  HostCollector,
  openReception,
  openTextDoors,
  type Phase,
  RecentRequests,
  SCOPES,
} from '@vantage/receive'
import type { ColumnStore } from '@vantage/store/columns'
import { type MetricStore, openMetricStore, TenantRetention } from '@vantage/store/metrics'
import type { FastifyInstance } from 'fastify'
import type { LoadedConfig } from './config/load.ts'
import { retentionOf, rowRetentionOf } from './config/retention.ts'
import type { Config } from './config/schema.ts'
import { Deletions } from './deletions.ts'
import { defaultMinFree } from './disk.ts'
import { serverFacts } from './facts.ts'
import { type GrpcDoors, openGrpc, openStream } from './grpc.ts'
import { type AppDeps, DRAIN_CLOSE_MS, fullApp } from './http/app.ts'
import { openFaces } from './http/faces.ts'
import { OpenQuestions } from './http/open-questions.ts'
import { otherPorts } from './http/other-ports.ts'
import { ownRoutes } from './http/own-routes.ts'
import { remoteReadRoute } from './http/remote-read-route.ts'
import type { DecoderLimits } from './intake/decoders.ts'
import { decoderLimits, receiveLimits, tenantLimits } from './intake/limits.ts'
import { MetricsIntake } from './intake/metrics-intake.ts'
import { openQuietDoors, type QuietDoors } from './intake/quiet-doors.ts'
import { recordLimits } from './intake/record-limits.ts'
import { textCodec } from './intake/text-codec.ts'
import { listenMain, listenOptional } from './listen.ts'
import { LiveHub } from './live/hub.ts'
import { NoticeBoard, noticeTexts, Warnings } from './notices.ts'
import { PressureGauge } from './pressure.ts'
import { registerLoopDelay, registerProcessMetrics } from './process-metrics.ts'
import { EarlyThread } from './query/early-thread.ts'
import { engineOptions } from './query/engine-options.ts'
import { QueryPool } from './query/query-pool.ts'
import { ResultCache } from './query/result-cache.ts'
import type { WorkerJob } from './query/worker-job.ts'
import { Records } from './records.ts'
import { RegisteredTargets } from './scrape/registered-targets.ts'
import { scrapeRoutes } from './scrape/routes.ts'
import { ScrapeConfigError, Scraping } from './scrape/scraping.ts'
import { SelfReport } from './self/self-report.ts'
import { Snapshots } from './snapshots.ts'
import { spawnThread } from './threads/spawn-thread.ts'
import { traceArchive } from './trace-archive.ts'
import { unreadyFault } from './unready.ts'
import { VERSION } from './version.ts'

const TOPIC = 'metrics-raw'
const CONSUMER = 'metrics'
const TICK_MS = 1_000

/** The stored data cannot be opened: a newer release wrote it, or it is damaged beyond its checksums' reach. */
export class StoreOpenError extends Error {}

/** The composition root: builds the path receive → decode → log → store → query → show, and takes it apart again. */
export class Server {
  readonly #config: Config
  readonly #given: ReadonlySet<string>
  readonly #logger: Logger
  readonly #registry = new Registry()
  readonly #auth: Auth
  readonly #recent = new RecentRequests()
  readonly #pressure: PressureGauge
  readonly #files = new NodeFileSystem()
  readonly #snapshots: Snapshots
  readonly #warnings: Warnings
  readonly #apps: FastifyInstance[] = []
  readonly #onFatal: (error: Error) => void
  readonly #notices: NoticeBoard
  #phase: Phase = 'starting'
  #replayed = { min: 0, max: 0, current: 0 }
  #log: SegmentLog | undefined
  #store: MetricStore | undefined
  #intake: MetricsIntake | undefined
  #records: Records | undefined
  #queries: QueryPool | undefined
  readonly #questions = new OpenQuestions((signal) => this.#queries?.rowsRead(signal) ?? 0)
  #cachedQueries: ResultCache | undefined
  #early: EarlyThread | undefined
  #hub: LiveHub | undefined
  #self: SelfReport | undefined
  #scraping: Scraping | undefined
  #grpc: GrpcDoors | undefined
  #stream: GrpcServer | undefined
  #quiet: QuietDoors | undefined
  #timers: readonly NodeJS.Timeout[] = []
  #ticking: Promise<void> = Promise.resolve()
  #isTicking = false
  port = 0

  constructor(loaded: LoadedConfig, logger: Logger, onFatal: (error: Error) => void) {
    this.#config = loaded.config
    this.#given = loaded.given
    this.#logger = logger
    this.#onFatal = onFatal
    this.#warnings = new Warnings(logger)
    this.#snapshots = new Snapshots(this.#files, systemClock, loaded.config.data)
    const { enabled, keys, allowedHosts } = loaded.config.auth
    const known = (enabled ? keys : []).map((key) => ({ key, tenant: DEFAULT_TENANT, scopes: SCOPES }))
    this.#auth = new Auth({ keys: known, allowedHosts })
    this.#pressure = new PressureGauge(loaded.config.memory, this.#registry)
    this.#notices = new NoticeBoard({
      clock: systemClock,
      followersMax: loaded.config.live.maxNotificationClients,
      current: () =>
        noticeTexts({
          warnings: this.#allWarnings(),
          reloadProblem: this.#scraping?.problem,
          isDiskLow: this.#log?.isDiskLow === true,
          isMemoryShort: this.#pressure.level > 0,
          phase: this.#phase,
        }),
    })
  }

  /** Listens at once, answers 503 until the log is replayed, then serves. */
  async start(): Promise<void> {
    if (this.#config.query.warmUp)
      this.#early = new EarlyThread(spawnThread({ role: 'query', data: { view: undefined } }))
    const deps = this.#appDeps()
    await this.#listen(deps)
    const loaded = { config: this.#config, given: this.#given }
    this.#grpc = await openGrpc(loaded, deps, this.#logger)
    this.#stream = await openStream(loaded, deps.reception, this.#logger)
    this.#quiet = await openQuietDoors(loaded, deps.reception, decoderLimits(this.#config))
    await this.#openStorage()
    // A signal may have come while the log was read.
    if (this.#phase !== 'starting') return
    this.#timers = [setInterval(() => this.#tick(), TICK_MS), registerLoopDelay(this.#registry)]
    this.#phase = 'ready'
    if (this.#config.self.enabled) this.#startSelfReport()
    const problem = await this.#scraping?.reload()
    if (problem !== undefined) throw new ScrapeConfigError(`scrape.config: ${problem}`)
  }

  /**
   * Not ready at once, the announced delay, no new connections, what runs may finish, sync, end.
   * @param isHurried skip the delay that load balancers need: somebody waits at a terminal
   */
  async drain(isHurried: boolean): Promise<void> {
    this.#phase = 'draining'
    this.#notices.look()
    this.#self?.close()
    await this.#scraping?.close()
    await this.#records?.stopReports()
    const delayMs = this.#config.drain.delay ?? 0
    if (!isHurried && delayMs > 0) await new Promise((resume) => setTimeout(resume, delayMs))
    for (const timer of this.#timers) clearInterval(timer)
    await this.#ticking
    this.#hub?.close()
    this.#notices.close()
    const doors = [this.#grpc?.close(DRAIN_CLOSE_MS), this.#stream?.close(DRAIN_CLOSE_MS), this.#quiet?.close()]
    await Promise.all([...this.#apps.map((app) => app.close()), ...doors])
    await this.#early?.end()
    await this.#queries?.close()
    await this.#records?.close()
    await this.#store?.close()
    await this.#log?.close()
    this.#pressure.close()
  }

  #appDeps(): AppDeps {
    const reception = openReception({
      submit: (request) => {
        assert(this.#intake !== undefined && this.#records !== undefined, 'doors open after the stores')
        return this.#records.intakeOf(request.format, this.#intake).submit(request)
      },
      codec: { partialSuccess, encodeExportResponse, exportResponseJson, encodeStatus, statusJson, isJsonBatch },
      auth: this.#auth,
      limits: receiveLimits(this.#config),
      registry: this.#registry,
      logger: this.#logger,
      clock: systemClock,
      random: Math.random,
      phase: () => this.#phase,
      pressure: () => this.#pressure.level,
      recent: this.#recent,
    })
    return {
      auth: this.#auth,
      logger: this.#logger,
      unreadyFault: () => unreadyFault(this.#phase),
      questions: this.#questions,
      reception,
      textDoors: openTextDoors(reception, textCodec(decoderLimits(this.#config), systemClock), {
        files: this.#files,
        directory: `${this.#config.data}/push-groups`,
      }),
      ...this.#routes(),
      hub: () => (this.#phase === 'ready' ? this.#hub : undefined),
      takeGrpc: (socket) => (this.#grpc === undefined ? socket.destroy() : this.#grpc.take(socket)),
      tails: () => (this.#phase === 'ready' ? this.#records?.tails : undefined),
      corsOrigins: this.#config.http.corsOrigins,
      dashboard: this.#config.dashboard,
      version: VERSION,
    }
  }

  #routes(): Pick<AppDeps, 'routes' | 'faces' | 'rpcs' | 'senderRpcs' | 'samplingRoutes'> {
    const facts = serverFacts({
      store: () => this.#store,
      log: () => this.#log,
      intake: () => this.#intake,
      recent: this.#recent,
      config: this.#config,
      registry: this.#registry,
      scraping: () => this.#scraping,
      walReplay: () => this.#replayed,
    })
    const queries = {
      ask: (...args: Parameters<ResultCache['ask']>) => {
        assert(this.#cachedQueries !== undefined, 'queries are asked after the store is open')
        return this.#cachedQueries.ask(...args)
      },
    }
    const admin = {
      deleteSeries: async (tenant: TenantId, scan: SeriesScan) => this.#intake?.deleteSeries(tenant, scan),
      cleanTombstones: async (tenant: TenantId) => this.#store?.cleanTombstones(tenant),
      snapshot: (skipsHead: boolean) => {
        assert(this.#store !== undefined && this.#records !== undefined, 'snapshots are made after the stores are open')
        return this.#snapshots.make({ metrics: this.#store, columns: this.#records.store }, skipsHead)
      },
    }
    const prometheus = new PrometheusApi({
      queries,
      facts,
      admin,
      notices: this.#notices,
      clock: systemClock,
      options: engineOptions(this.#config),
    })
    const { maxRegexBytes } = this.#config.query
    const [files, directory, records] = [this.#files, this.#config.data, () => this.#records]
    const deletions = new Deletions({ ...admin, files, directory, clock: systemClock, records })
    const faces = openFaces({
      ask: (...args) => this.#ask(...args),
      metrics: queries,
      facts,
      config: this.#config,
      files,
      deletions,
      archive: traceArchive(() => this.#records?.store),
    })
    const routes = [
      ...faces.routes,
      ...prometheus.routes(''),
      remoteReadRoute('', queries.ask, maxRegexBytes),
      remoteReadRoute('/prometheus', queries.ask, maxRegexBytes),
      ...prometheus.routes('/prometheus'),
      ...scrapeRoutes(() => this.#scraping),
      this.#questions.route,
      ...plainRoutes({ queries, facts, clock: systemClock }),
      ...ownRoutes({
        registry: this.#registry,
        recent: this.#recent,
        store: () => this.#store,
        columns: () => this.#records?.store,
        unready: () => (this.#phase === 'ready' ? [] : [this.#phase]),
        warnings: () => this.#allWarnings(),
      }),
    ]
    const { ports, rpcs, senderRpcs, samplingRoutes } = faces
    return { routes, faces: ports, rpcs, senderRpcs, samplingRoutes }
  }

  #ask(tenant: TenantId, job: WorkerJob, options: AskOptions): ReturnType<QueryPool['ask']> {
    assert(this.#queries !== undefined, 'queries are asked after the store is open')
    return this.#queries.ask(tenant, job, options)
  }

  async #listen(deps: AppDeps): Promise<void> {
    const { host, port } = this.#config
    const main = fullApp(deps)
    this.#apps.push(main)
    this.port = await listenMain(
      { app: main, host, port, what: 'VANTAGE_PORT', isGiven: this.#given.has('port') },
      this.#logger,
    )
    for (const { open, ...other } of otherPorts({ config: this.#config, given: this.#given }, deps)) {
      const app = open()
      this.#apps.push(app)
      await listenOptional({ app, host, ...other }, this.#logger)
    }
  }

  async #openStorage(): Promise<void> {
    const { data, wal, ingest, storage } = this.#config
    this.#files.makeDirectory(data)
    const freeBytes = (): number => this.#files.freeBytes(data)
    const log = await SegmentLog.open({
      directory: `${data}/log`,
      files: this.#files,
      clock: systemClock,
      onFatal: this.#onFatal,
      newSalt: () => randomInt(2 ** 32),
      freeBytes,
      minFreeBytes: storage.minFree ?? defaultMinFree(data),
      queueBytes: ingest.queueBytes,
      segmentBytes: wal.segmentBytes,
      groupMaxBytes: wal.groupMaxBytes,
      sync: wal.sync,
      ...(wal.syncInterval === undefined ? {} : { syncIntervalMs: wal.syncInterval }),
    })
    this.#log = log
    const store = await this.#openStore().catch((error: Error) => {
      throw new StoreOpenError(`metrics store: ${error.message}`)
    })
    this.#store = store
    await this.#snapshots.removeUnfinished()
    log.setConsumed(TOPIC, CONSUMER, store.sealedTo(TOPIC))
    const limits = decoderLimits(this.#config)
    const intake = new MetricsIntake({ log, store, clock: systemClock, limits, seed: randomInt(2 ** 31) })
    this.#intake = intake
    const records = await this.#openRecords(log, intake)
    this.#records = records
    this.#queries = this.#openQueries(store, records.store)
    this.#cachedQueries = this.#openCache(this.#queries, store)
    // Beside the replay: the workers have another core, and read what is in parts.
    const warmed = this.#config.query.warmUp ? this.#queries.warmUp() : undefined
    await this.#replay(intake, store.sealedTo(TOPIC))
    await records.replay()
    await warmed
    this.#hub = new LiveHub(store, DEFAULT_TENANT, this.#config.live)
    this.#scraping = this.#openScraping(intake, limits)
    registerProcessMetrics(this.#registry, { store, log, hub: this.#hub, version: VERSION, freeBytes })
  }

  #openStore(): Promise<MetricStore> {
    const { data, limits, storage } = this.#config
    return openMetricStore({
      directory: `${data}/metrics`,
      files: this.#files,
      clock: systemClock,
      workers: { spawn: (role, start) => spawnThread({ role, data: start } as Parameters<typeof spawnThread>[0]) },
      limits: {
        maxSeries: limits.maxSeries > 0 ? limits.maxSeries : undefined,
        maxSeriesPerMetric: limits.maxSeriesPerMetric > 0 ? limits.maxSeriesPerMetric : undefined,
        maxLabels: limits.maxLabels,
        maxLabelNameBytes: limits.maxLabelNameBytes,
        maxLabelValueBytes: limits.maxLabelValueBytes,
        maxFutureMs: limits.maxFuture,
        maxPastMs: limits.maxPast,
        outOfOrderWindowMs: limits.outOfOrderWindow,
        refusesNewSeries: () => this.#pressure.level > 0,
      },
      ...(storage.sealAfter === undefined ? {} : { sealAfterMs: storage.sealAfter }),
      sealLogBytes: storage.sealLogBytes,
      retention: retentionOf(storage),
      whenDurable: () => this.#intake?.whenDurable() ?? Promise.resolve(),
      onProblem: (message) => this.#warnings.add(message),
    })
  }

  #openRecords(log: SegmentLog, intake: MetricsIntake): Promise<Records> {
    const { data, http, limits, storage } = this.#config
    return Records.open({
      directory: data,
      files: this.#files,
      clock: systemClock,
      log,
      logger: this.#logger,
      workers: { spawn: (role, data) => spawnThread({ role, data }) },
      retention: rowRetentionOf(storage),
      hotBytesMax: storage.hotBytes,
      limits: recordLimits(this.#config),
      times: { maxFutureMs: limits.maxFuture, maxPastMs: limits.maxPast },
      tenantLimits: tenantLimits(this.#config),
      processors: this.#config.processors,
      registry: this.#registry,
      maxDecompressedBytes: http.maxDecompressedBytes,
      onProblem: (message) => this.#warnings.add(message),
      submitMetrics: (request) => intake.submit(request),
      askLogs: (tenant, job, onBegin) =>
        this.#ask(tenant, { kind: 'logs', job }, { signal: NEVER, timeoutMs: undefined, onBegin }),
      isShedding: () => this.#pressure.level > 0 || this.#phase === 'starting',
    }).catch((error: Error) => {
      throw new StoreOpenError(`store of logs and spans: ${error.message}`)
    })
  }

  async #replay(intake: MetricsIntake, fromOffset: number): Promise<void> {
    const max = (this.#log as SegmentLog).nextOffset(TOPIC)
    this.#replayed = { min: fromOffset, max, current: fromOffset }
    const startedMs = systemClock.monotonicMs()
    const { records, samples } = await intake.replay(fromOffset, (message) => this.#warnings.add(message))
    this.#replayed = { min: fromOffset, max, current: max }
    if (records === 0) return
    const elapsedMs = Math.round(systemClock.monotonicMs() - startedMs)
    this.#logger.info('the log is replayed', { records, samples, elapsedMs })
  }

  #openScraping(intake: MetricsIntake, limits: DecoderLimits): Scraping {
    const { data, scrape } = this.#config
    return new Scraping({
      submit: (request) => intake.submit(request),
      clock: systemClock,
      logger: this.#logger,
      limits,
      file: scrape.config,
      registered: new RegisteredTargets(this.#files, data),
      maxBodyBytes: scrape.maxBodyBytes,
      maxSamples: scrape.maxSamples,
      isShedding: () => this.#pressure.level > 0 || this.#phase !== 'ready',
    })
  }

  #openQueries(store: MetricStore, columns: ColumnStore): QueryPool {
    const { query } = this.#config
    const cores = Math.max(2, availableParallelism())
    return new QueryPool({
      store,
      columns,
      clock: systemClock,
      logger: this.#logger,
      registry: this.#registry,
      limits: { maxSamples: query.maxSamples, maxBytes: query.maxBytes, maxSeries: query.maxSeries },
      timeoutMs: query.timeout ?? Number.POSITIVE_INFINITY,
      heavyWorkers: Math.min(cores, query.maxConcurrent ?? cores),
      queueMax: query.queue,
      isRefusing: () => this.#pressure.level > 1,
      early: this.#early,
      spawn: (data) => spawnThread({ role: 'query', data }),
    })
  }

  #openCache(queries: QueryPool, store: MetricStore): ResultCache {
    const retention = retentionOf(this.#config.storage)
    return new ResultCache({
      queries,
      arrivals: (tenant) => store.arrivals(tenant),
      shortestRetentionMs: (tenant) => new TenantRetention(retention, tenant).shortestRawMs(),
      clock: systemClock,
      registry: this.#registry,
      maxBytes: this.#config.query.cacheBytes,
    })
  }

  #startSelfReport(): void {
    const intake = this.#intake as MetricsIntake
    const host = new HostCollector(systemClock)
    this.#self = new SelfReport({
      submit: (request) => intake.submit(request),
      registry: this.#registry,
      logger: this.#logger,
      clock: systemClock,
      instance: hostname(),
      intervalMs: this.#config.self.interval ?? 1_000,
      isShedding: () => this.#pressure.level > 0 || this.#phase !== 'ready',
      collectHost: () => host.collect(),
    })
  }

  #tick(): void {
    this.#notices.look()
    if (this.#isTicking) return
    this.#isTicking = true
    this.#ticking = this.#upkeep().finally(() => {
      this.#isTicking = false
    })
  }

  async #upkeep(): Promise<void> {
    const log = this.#log as SegmentLog
    const store = this.#store as MetricStore
    await store.tick({ unsealedLogBytes: log.stats(TOPIC).unsealedBytes, isMemoryShort: this.#pressure.level > 0 })
    log.setConsumed(TOPIC, CONSUMER, store.sealedTo(TOPIC))
    await this.#records?.tick(this.#pressure.level > 0)
  }

  #allWarnings(): string[] {
    return [...this.#warnings.kept, ...(this.#log?.warnings() ?? [])]
  }
}

/** Of questions that nobody leaves. */
const NEVER = new AbortController().signal
