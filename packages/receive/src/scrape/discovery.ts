import type { Resolver } from 'node:dns/promises'
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { err, ok, type Result } from '@vantage/model'
import { BodyFetcher } from './fetch-body.ts'
import type { Discovery, TargetGroup } from './job.ts'

/** Files are looked at so often, whatever their `refresh_interval` says: it is the fallback of file events. */
const FILE_REFRESH_MS_MAX = 5_000
const HTTP_BYTES_MAX = 16 * 1024 * 1024
const HTTP_TIMEOUT_MS = 30_000
/** Targets of one discovery: more are a mistake that would fill memory. */
const TARGETS_MAX = 100_000

export interface DiscoveryDeps {
  /** YAML or JSON text → plain data. Throws where it is neither. */
  readonly parse: (text: string) => unknown
  readonly resolver: Pick<Resolver, 'resolveSrv' | 'resolve4' | 'resolve6' | 'resolveMx' | 'resolveNs'>
  readonly refreshed: (discovery: Discovery, problem: string | undefined) => void
}

/** Keeps the groups of one discovery current until it is stopped. What it found last stays where a refresh fails. */
export class Discoverer {
  readonly #discovery: Discovery
  readonly #deps: DiscoveryDeps
  readonly #found: (groups: readonly TargetGroup[]) => void
  readonly #abort = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #seen = ''

  constructor(discovery: Discovery, deps: DiscoveryDeps, found: (groups: readonly TargetGroup[]) => void) {
    this.#discovery = discovery
    this.#deps = deps
    this.#found = found
    void this.#refresh()
  }

  stop(): void {
    this.#abort.abort()
    clearTimeout(this.#timer)
  }

  async #refresh(): Promise<void> {
    const groups = await this.#look()
    if (this.#abort.signal.aborted) return
    if (groups.ok) this.#tell(groups.value)
    this.#deps.refreshed(this.#discovery, groups.ok ? undefined : groups.error)
    if (this.#discovery.kind === 'static') return
    const { refreshMs } = this.#discovery
    const waitMs = this.#discovery.kind === 'file' ? Math.min(refreshMs, FILE_REFRESH_MS_MAX) : refreshMs
    this.#timer = setTimeout(() => void this.#refresh(), waitMs)
  }

  #tell(groups: readonly TargetGroup[]): void {
    const seen = JSON.stringify(
      groups.map(({ source, targets, labels }) => [source, targets.map((t) => [...t]), [...labels]]),
    )
    if (seen === this.#seen) return
    this.#seen = seen
    this.#found(groups)
  }

  async #look(): Promise<Result<readonly TargetGroup[], string>> {
    try {
      switch (this.#discovery.kind) {
        case 'static':
          return ok(this.#discovery.groups)
        case 'file':
          return await readGroups(this.#discovery.files, this.#deps.parse)
        case 'http':
          return await fetchGroups(this.#discovery, this.#abort.signal)
        case 'dns':
          return ok(await resolveGroups(this.#discovery, this.#deps.resolver))
      }
    } catch (error) {
      return err(error instanceof Error ? error.message : String(error))
    }
  }
}

/** Checks what a file or an HTTP answer says: `[{"targets": ["host:port"], "labels": {"name": "value"}}]`. */
function groupsFrom(value: unknown, source: string): Result<TargetGroup[], string> {
  if (!Array.isArray(value)) return err(`${source}: want a list of target groups`)
  const groups: TargetGroup[] = []
  for (const [i, entry] of value.entries()) {
    const { targets, labels = {} } = (entry ?? {}) as { targets?: unknown; labels?: unknown }
    const isList = Array.isArray(targets) && targets.every((one) => typeof one === 'string')
    if (!isList) return err(`${source}: group ${i}: want "targets", a list of HOST:PORT`)
    if (typeof labels !== 'object' || labels === null || Array.isArray(labels))
      return err(`${source}: group ${i}: want "labels", a map of texts`)
    if (targets.length > TARGETS_MAX)
      return err(`${source}: want at most ${TARGETS_MAX} targets, got ${targets.length}`)
    groups.push({
      source: `${source}:${i}`,
      targets: targets.map((address: string) => new Map([['__address__', address]])),
      labels: new Map(Object.entries(labels).map(([name, text]) => [name, String(text)])),
    })
  }
  return ok(groups)
}

async function readGroups(
  patterns: readonly string[],
  parse: (text: string) => unknown,
): Promise<Result<TargetGroup[], string>> {
  const all: TargetGroup[] = []
  for (const pattern of patterns) {
    for (const path of await matchingFiles(pattern)) {
      const groups = groupsFrom(parse(await readFile(path, 'utf8')), path)
      if (!groups.ok) return groups
      const meta = new Map([['__meta_filepath', path]])
      all.push(...groups.value.map((group) => ({ ...group, labels: new Map([...group.labels, ...meta]) })))
    }
  }
  return ok(all)
}

/** A path whose last part may hold `*`. Files that do not exist yet match nothing. */
async function matchingFiles(pattern: string): Promise<string[]> {
  const folder = dirname(pattern)
  const last = basename(pattern)
  const escaped = last.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')
  const regex = new RegExp(`^${escaped}$`)
  try {
    const names = await readdir(folder)
    return names
      .filter((name) => regex.test(name))
      .sort()
      .map((name) => join(folder, name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Source: Prometheus, `<http_sd_config>`. */
async function fetchGroups(
  { url, access, refreshMs }: Extract<Discovery, { kind: 'http' }>,
  signal: AbortSignal,
): Promise<Result<TargetGroup[], string>> {
  const fetcher = new BodyFetcher(access)
  try {
    const answer = await fetcher.get(url, {
      accept: 'application/json',
      timeoutMs: HTTP_TIMEOUT_MS,
      bytesMax: HTTP_BYTES_MAX,
      headers: { 'x-prometheus-refresh-interval-seconds': String(refreshMs / 1000) },
      signal,
    })
    if (!answer.ok) return err(`${url}: ${answer.error}`)
    const groups = groupsFrom(JSON.parse(Buffer.from(answer.value.body).toString()), url)
    if (!groups.ok) return groups
    return ok(groups.value.map((group) => ({ ...group, labels: new Map([...group.labels, ['__meta_url', url]]) })))
  } finally {
    fetcher.close()
  }
}

/** Source: Prometheus, `<dns_sd_config>`. */
async function resolveGroups(
  { names, type, port }: Extract<Discovery, { kind: 'dns' }>,
  resolver: DiscoveryDeps['resolver'],
): Promise<TargetGroup[]> {
  const groups: TargetGroup[] = []
  for (const name of names) {
    const found = await resolveName(name, type, port, resolver)
    const targets = found.map(
      ({ host, port: own }) =>
        new Map([
          ['__address__', host.includes(':') ? `[${host}]:${own}` : `${host}:${own}`],
          ['__meta_dns_name', name],
        ]),
    )
    groups.push({ source: name, targets, labels: new Map() })
  }
  return groups
}

async function resolveName(
  name: string,
  type: Extract<Discovery, { kind: 'dns' }>['type'],
  port: number,
  resolver: DiscoveryDeps['resolver'],
): Promise<{ host: string; port: number }[]> {
  switch (type) {
    case 'SRV':
      return (await resolver.resolveSrv(name)).map((one) => ({ host: one.name, port: one.port }))
    case 'A':
      return (await resolver.resolve4(name)).map((host) => ({ host, port }))
    case 'AAAA':
      return (await resolver.resolve6(name)).map((host) => ({ host, port }))
    case 'MX':
      return (await resolver.resolveMx(name)).map((one) => ({ host: one.exchange, port }))
    case 'NS':
      return (await resolver.resolveNs(name)).map((host) => ({ host, port }))
  }
}
