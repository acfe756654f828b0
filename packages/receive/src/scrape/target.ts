import { createHash } from 'node:crypto'
import { err, ok, parseDurationMs, type Result } from '@vantage/model'
import type { ScrapeJob, TargetGroup } from './job.ts'
import { type LabelMap, relabel } from './relabel.ts'

/** A place to scrape, after relabelling. */
export interface Target {
  /** The same for equal labels and the same URL. */
  readonly id: string
  readonly job: ScrapeJob
  readonly url: string
  /** What every series gets: without `__` names. */
  readonly labels: ReadonlyMap<string, string>
  /** Before relabelling: what discovery found. */
  readonly discovered: ReadonlyMap<string, string>
  readonly intervalMs: number
  readonly timeoutMs: number
}

/** A target that relabelling dropped, or that cannot be scraped. */
export interface DroppedTarget {
  readonly job: string
  readonly discovered: ReadonlyMap<string, string>
}

/**
 * Makes the targets of a group. Source: Prometheus scrape/target.go (labels before relabelling), configuration
 * `<relabel_config>` (meta labels).
 */
export function targetsOf(
  job: ScrapeJob,
  group: TargetGroup,
): { targets: Target[]; dropped: DroppedTarget[]; problems: string[] } {
  const targets: Target[] = []
  const dropped: DroppedTarget[] = []
  const problems: string[] = []
  for (const own of group.targets) {
    const discovered = discoveredLabels(job, group, own)
    const labels: LabelMap = new Map(discovered)
    if (!relabel(labels, job.relabelRules) || (labels.get('__address__') ?? '') === '') {
      dropped.push({ job: job.name, discovered })
      continue
    }
    const target = targetOf(job, discovered, labels)
    if (target.ok) targets.push(target.value)
    else problems.push(`job ${job.name}, target ${labels.get('__address__')}: ${target.error}`)
  }
  return { targets, dropped, problems }
}

function discoveredLabels(job: ScrapeJob, group: TargetGroup, own: ReadonlyMap<string, string>): LabelMap {
  const labels: LabelMap = new Map([...group.labels, ...own])
  const defaults: [string, string][] = [
    ['job', job.name],
    ['__scrape_interval__', `${job.intervalMs}ms`],
    ['__scrape_timeout__', `${job.timeoutMs}ms`],
    ['__metrics_path__', job.path],
    ['__scheme__', job.scheme],
  ]
  for (const [name, value] of defaults) if (!labels.has(name)) labels.set(name, value)
  for (const [name, values] of job.params) {
    const label = `__param_${name}`
    if (values.length > 0 && !labels.has(label)) labels.set(label, values[0] as string)
  }
  return labels
}

function targetOf(job: ScrapeJob, discovered: LabelMap, labels: LabelMap): Result<Target, string> {
  const address = labels.get('__address__') as string
  const intervalMs = parseDurationMs(labels.get('__scrape_interval__') ?? '') ?? 0
  const timeoutMs = parseDurationMs(labels.get('__scrape_timeout__') ?? '') ?? 0
  if (intervalMs <= 0 || timeoutMs <= 0) return err('want a scrape interval and timeout above 0')
  if (timeoutMs > intervalMs) return err('want a scrape timeout that is not greater than the interval')
  const url = urlOf(job, address, labels)
  if (!url.ok) return url
  const kept = new Map([...labels].filter(([name]) => !name.startsWith('__')))
  if (!kept.has('instance')) kept.set('instance', address)
  const sorted = new Map([...kept].sort(([a], [b]) => (a < b ? -1 : 1)))
  const id = createHash('sha256')
    .update(JSON.stringify([url.value, [...sorted]]))
    .digest('hex')
    .slice(0, 16)
  return ok({ id, job, url: url.value, labels: sorted, discovered, intervalMs, timeoutMs })
}

function urlOf(job: ScrapeJob, address: string, labels: LabelMap): Result<string, string> {
  // An address is host and port: anything that would make it a path or a login is a mistake.
  if (/[/@?#\s]/.test(address)) return err(`want HOST:PORT, got ${JSON.stringify(address)}`)
  try {
    const url = new URL(`${labels.get('__scheme__') ?? 'http'}://${address}`)
    if (url.protocol !== 'http:' && url.protocol !== 'https:') return err(`want http or https, got ${url.protocol}`)
    const path = labels.get('__metrics_path__') ?? '/metrics'
    const [pathname, query] = path.split('?', 2) as [string, string | undefined]
    url.pathname = pathname
    const params = new URLSearchParams(query)
    for (const [name, values] of job.params) for (const value of values) params.append(name, value)
    for (const [name, value] of labels) {
      if (!name.startsWith('__param_')) continue
      const rest = params.getAll(name.slice(8)).slice(1)
      params.set(name.slice(8), value)
      for (const one of rest) params.append(name.slice(8), one)
    }
    url.search = params.toString()
    return ok(url.toString())
  } catch {
    return err(`want HOST:PORT, got ${JSON.stringify(address)}`)
  }
}
