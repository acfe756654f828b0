import { type ChangeEvent, pushOfEvents } from '@vantage/decode/events'
import {
  type Attributes,
  attribute,
  type Clock,
  type FileSystem,
  type LogBatch,
  type Origin,
  PAYLOAD_ENCODINGS,
  PAYLOAD_FORMATS,
  readFileNow,
  replaceFileNow,
  type SpanBatch,
  serviceOf,
  type TenantId,
  valueText,
} from '@vantage/model'
import type { Logger } from '@vantage/observe'
import type { SubmitIntake } from '@vantage/receive'

const RECEIVER = 'versions'
const FILE = 'versions.json'
const FILE_VERSION = 1

/** Services that are watched, of all tenants; those beyond are not. */
const SERVICES_MAX = 10_000
/** Versions of one service that are known at once: the oldest is forgotten. */
const VERSIONS_MAX = 16
/** Origins whose version was read; then all are read again. */
const ORIGINS_MAX = 10_000
const ORIGIN_BYTES_MAX = 4_096
/** When a version was seen last is written so often; what is new at once. */
const SAVE_MS = 60_000
/** A version that was silent for so long is new when it comes again: it was taken back. */
const SILENCE_NS = 600_000_000_000n

export interface VersionWatchOptions {
  readonly submit: SubmitIntake
  readonly clock: Clock
  readonly logger: Logger
  readonly files: FileSystem
  /** Where what is known survives a restart. */
  readonly directory: string
}

/** What an origin says of its version. */
interface Said {
  readonly key: string
  readonly service: string
  readonly environment: string
  readonly version: string
}

interface Known {
  current: string
  sinceNs: bigint
  readonly seenNs: Map<string, bigint>
}

/**
 * Sees a service's `service.version` change in what comes in, and says so as an event of the kind `deploy`, once for all
 * of its instances. The first version that a service is seen with is none; versions that run side by side change once.
 */
export class VersionWatch {
  readonly #options: VersionWatchOptions
  readonly #services = new Map<string, Known>()
  readonly #origins = new Map<string, Said | undefined>()
  #isNew = false
  #isDirty = false
  #savedAtMs = 0

  constructor(options: VersionWatchOptions) {
    this.#options = options
    this.#load()
  }

  /** Rows that were stored; not those of a replay, which were seen when they came. */
  add(tenant: TenantId, batch: LogBatch | SpanBatch): void {
    const { columns } = batch
    const times = 'times' in columns ? columns.times : columns.startTimes
    const events: ChangeEvent[] = []
    let last = -1
    for (let row = 0; row < columns.count; row++) {
      const origin = columns.origins[row] as number
      if (origin === last) continue
      last = origin
      const said = this.#read(tenant, batch, origin)
      if (said === undefined) continue
      const timeNs = times[row] === 0n ? BigInt(this.#options.clock.nowMs()) * 1_000_000n : (times[row] as bigint)
      const event = this.#see(said, timeNs)
      if (event !== undefined) events.push(event)
    }
    if (events.length > 0) void this.#tell(tenant, events)
  }

  /** Writes what is known where it has changed; to be called about once a second, and at the end. */
  save(isLast: boolean): void {
    const nowMs = this.#options.clock.monotonicMs()
    const isDue = this.#isNew || (this.#isDirty && (isLast || nowMs - this.#savedAtMs >= SAVE_MS))
    if (!isDue) return
    this.#isNew = this.#isDirty = false
    this.#savedAtMs = nowMs
    const services = [...this.#services].map(([key, { current, sinceNs, seenNs }]) => {
      return [key, current, String(sinceNs), [...seenNs].map(([version, ns]) => [version, String(ns)])]
    })
    const { files, directory } = this.#options
    replaceFileNow(files, directory, FILE, Buffer.from(JSON.stringify({ version: FILE_VERSION, services })))
  }

  #see({ key, service, environment, version }: Said, timeNs: bigint): ChangeEvent | undefined {
    const known = this.#services.get(key)
    if (known === undefined) {
      if (this.#services.size >= SERVICES_MAX) return undefined
      this.#services.set(key, { current: version, sinceNs: timeNs, seenNs: new Map([[version, timeNs]]) })
      this.#isNew = true
      return undefined
    }
    const seenNs = known.seenNs.get(version)
    // What is late says nothing of now.
    if (timeNs <= (seenNs ?? known.sinceNs)) return undefined
    known.seenNs.delete(version)
    known.seenNs.set(version, timeNs)
    this.#isDirty = true
    const isAtWork = seenNs !== undefined && timeNs - seenNs < SILENCE_NS
    if (version === known.current || isAtWork) return undefined
    const before = known.current
    this.#isNew = true
    known.current = version
    known.sinceNs = timeNs
    if (known.seenNs.size > VERSIONS_MAX) known.seenNs.delete(known.seenNs.keys().next().value as string)
    const title = `${service} ${before} → ${version}`
    return {
      kind: 'deploy',
      timeNs,
      service,
      environment,
      title,
      fields: { version, previous_version: before, source: 'seen' },
    }
  }

  #read(tenant: TenantId, batch: LogBatch | SpanBatch, origin: number): Said | undefined {
    const { bytes, from, to } = batch.originBytes
    const [start, end] = [from[origin] as number, to[origin] as number]
    if (end - start > ORIGIN_BYTES_MAX) return saidBy(tenant, batch.originOf(origin))
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
    const key = `${tenant} ${batch.originSpace} ${text}`
    const known = this.#origins.get(key)
    if (known !== undefined || this.#origins.has(key)) return known
    if (this.#origins.size >= ORIGINS_MAX) this.#origins.clear()
    const said = saidBy(tenant, batch.originOf(origin))
    this.#origins.set(key, said)
    return said
  }

  async #tell(tenant: TenantId, events: readonly ChangeEvent[]): Promise<void> {
    const body = pushOfEvents(events)
    const outcome = await this.#options.submit({
      tenant,
      receiver: RECEIVER,
      format: PAYLOAD_FORMATS.lokiPushJson,
      encoding: PAYLOAD_ENCODINGS.identity,
      raw: body,
      body,
      bodyLength: body.length,
      connection: this,
    })
    if (!outcome.ok)
      this.#options.logger.warnSparsely('versions', 'a deploy was not stored', { reason: outcome.error.message })
  }

  #load(): void {
    const { files, directory, logger } = this.#options
    if (!files.exists(`${directory}/${FILE}`)) return
    try {
      const { version, services } = JSON.parse(
        Buffer.from(readFileNow(files, `${directory}/${FILE}`)).toString(),
      ) as Saved
      if (version !== FILE_VERSION) return
      for (const [key, current, sinceNs, seen] of services) {
        const seenNs = new Map(seen.map(([name, ns]) => [name, BigInt(ns)]))
        this.#services.set(key, { current, sinceNs: BigInt(sinceNs), seenNs })
      }
    } catch (error) {
      // Without it the next version of each service is taken as its first.
      logger.warn('the known versions of services cannot be read', { error: (error as Error).message })
    }
  }
}

interface Saved {
  readonly version: number
  readonly services: readonly (readonly [string, string, string, readonly (readonly [string, string])[]])[]
}

function saidBy(tenant: TenantId, origin: Origin): Said | undefined {
  const { resource } = origin
  const version = textOf(resource, ['service.version', 'service_version'])
  if (version === '') return undefined
  const service = serviceOf(origin)
  const environment = textOf(resource, ['deployment.environment.name', 'deployment.environment'])
  const key = JSON.stringify([tenant, textOf(resource, ['service.namespace']), service, environment])
  return { key, service, environment, version }
}

function textOf(attributes: Attributes, names: readonly string[]): string {
  for (const name of names) {
    const value = attribute(attributes, name)
    if (value !== undefined) return valueText(value)
  }
  return ''
}
