import { createHash } from 'node:crypto'
import {
  err,
  type Fault,
  type FileSystem,
  fault,
  ok,
  parseDurationMs,
  type Result,
  readFileNow,
  replaceFileNow,
} from '@vantage/model'
import { type NamedJob, TEXT_PROTOCOLS } from '@vantage/receive'
import { z } from 'zod'

const FILE = 'scrape-targets.json'
const TARGETS_MAX = 10_000
const INTERVAL_MS_DEFAULT = 15_000
const INTERVAL_MS_MIN = 100
const TIMEOUT_MS_MAX = 10_000

const registration = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  job: z.string().min(1).max(256).default('registered'),
  labels: z.record(z.string().regex(/^[^\s]+$/), z.string().max(2_048)).default({}),
  interval: z
    .string()
    .optional()
    .transform((text, context) => {
      const ms = text === undefined ? INTERVAL_MS_DEFAULT : parseDurationMs(text)
      if (ms !== undefined && ms >= INTERVAL_MS_MIN) return ms
      context.addIssue(`want a duration of at least ${INTERVAL_MS_MIN} ms such as 15s, got ${JSON.stringify(text)}`)
      return z.NEVER
    }),
})

const stored = z.array(
  z.strictObject({
    id: z.string(),
    url: z.string(),
    job: z.string(),
    labels: z.record(z.string(), z.string()),
    intervalMs: z.number(),
  }),
)

export type RegisteredTarget = z.output<typeof stored>[number]

/** Targets that callers of the API registered; the list survives a restart. */
export class RegisteredTargets {
  readonly #files: FileSystem
  readonly #directory: string
  #targets: readonly RegisteredTarget[] = []

  /** @throws where the file is there but is not what this class wrote */
  constructor(files: FileSystem, directory: string) {
    this.#files = files
    this.#directory = directory
    if (!files.exists(`${directory}/${FILE}`)) return
    const text = Buffer.from(readFileNow(files, `${directory}/${FILE}`)).toString()
    this.#targets = stored.parse(JSON.parse(text))
  }

  list(): readonly RegisteredTarget[] {
    return this.#targets
  }

  /** Adds a target, on disk before it answers. The same URL and job again is the same target, with new labels. */
  register(value: unknown): Result<RegisteredTarget> {
    const parsed = registration.safeParse(value ?? {})
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      const where = issue?.path.join('.') ?? ''
      return err(fault('bad_request', `target: ${where === '' ? '' : `${where}: `}${issue?.message}`))
    }
    const { url, job, labels, interval } = parsed.data
    const id = createHash('sha256')
      .update(JSON.stringify([job, url]))
      .digest('hex')
      .slice(0, 16)
    const others = this.#targets.filter((one) => one.id !== id)
    if (others.length >= TARGETS_MAX) return err(fault('too_many', `want at most ${TARGETS_MAX} registered targets`))
    const target = { id, url, job, labels, intervalMs: interval }
    this.#save([...others, target])
    return ok(target)
  }

  unregister(id: string): Fault | undefined {
    const rest = this.#targets.filter((one) => one.id !== id)
    if (rest.length === this.#targets.length) return fault('not_found', `no registered target ${JSON.stringify(id)}`)
    this.#save(rest)
    return undefined
  }

  /** A job of its own for each: one that goes does not touch the others. */
  jobs(maxBodyBytes: number): NamedJob[] {
    return this.#targets.map((target) => {
      const url = new URL(target.url)
      const access = {
        headers: basicAuth(url),
        followsRedirects: true,
        verifiesTls: true,
      }
      const labels = new Map([['job', target.job], ...Object.entries(target.labels)])
      const targets = [new Map([['__address__', url.host]])]
      return {
        fingerprint: JSON.stringify(target),
        job: {
          name: `registered/${target.id}`,
          intervalMs: target.intervalMs,
          timeoutMs: Math.min(TIMEOUT_MS_MAX, target.intervalMs),
          path: url.pathname,
          scheme: url.protocol === 'https:' ? 'https' : 'http',
          params: new Map([...new Set(url.searchParams.keys())].map((name) => [name, url.searchParams.getAll(name)])),
          honorsLabels: false,
          honorsTimestamps: true,
          tracksTimestampsStaleness: false,
          protocols: TEXT_PROTOCOLS,
          fallbackProtocol: undefined,
          histograms: 'native',
          access,
          discoveries: [{ kind: 'static', groups: [{ source: 'registered', targets, labels }] }],
          relabelRules: [],
          metricRelabelRules: [],
          sampleLimit: 0,
          labelLimit: 0,
          bodyBytesMax: maxBodyBytes,
        },
      } satisfies NamedJob
    })
  }

  #save(targets: readonly RegisteredTarget[]): void {
    const bytes = Buffer.from(JSON.stringify(targets, undefined, 2))
    replaceFileNow(this.#files, this.#directory, FILE, bytes)
    this.#targets = targets
  }
}

function basicAuth(url: URL): Record<string, string> {
  if (url.username === '') return {}
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return { authorization: `Basic ${Buffer.from(login).toString('base64')}` }
}
