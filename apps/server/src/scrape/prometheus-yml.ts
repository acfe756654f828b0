import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { compilePattern, err, ok, parseDurationMs, type Result } from '@vantage/model'
import {
  type Access,
  type Discovery,
  type NamedJob,
  RELABEL_ACTIONS,
  type RelabelRule,
  SCRAPE_PROTOCOLS,
  type ScrapeJob,
  TEXT_PROTOCOLS,
} from '@vantage/receive'
import { parseDocument } from 'yaml'
import { z } from 'zod'

/**
 * `prometheus.yml` as it is: `global` and `scrape_configs` are read, everything else is for other parts of Prometheus
 * and named in a warning where somebody could miss it. Source: Prometheus documentation, "Configuration".
 */

const duration = z.union([z.string(), z.number()]).transform((value, context) => {
  const ms = parseDurationMs(String(value))
  if (ms !== undefined) return ms
  context.addIssue(`want a duration such as 15s, got ${JSON.stringify(value)}`)
  return z.NEVER
})

const SIZES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1024,
  KiB: 1024,
  MB: 1024 ** 2,
  MiB: 1024 ** 2,
  GB: 1024 ** 3,
  GiB: 1024 ** 3,
}

const size = z.union([z.string(), z.number()]).transform((value, context) => {
  const match = /^(\d+)(B|KB|KiB|MB|MiB|GB|GiB)?$/.exec(String(value))
  if (match !== null) return Number(match[1]) * (SIZES[match[2] ?? 'B'] as number)
  context.addIssue(`want a size such as 10MB, got ${JSON.stringify(value)}`)
  return z.NEVER
})

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String)
const textMap = z.record(z.string(), text)

const relabelConfig = z.strictObject({
  source_labels: z.array(z.string()).default([]),
  separator: z.string().default(';'),
  target_label: z.string().default(''),
  regex: text.default('(.*)'),
  modulus: z.number().int().min(0).default(0),
  replacement: text.default('$1'),
  action: z
    .string()
    .default('replace')
    .transform((action) => action.toLowerCase())
    .pipe(z.enum(RELABEL_ACTIONS)),
})

const tlsConfig = z.looseObject({
  ca: z.string().optional(),
  ca_file: z.string().optional(),
  cert: z.string().optional(),
  cert_file: z.string().optional(),
  key: z.string().optional(),
  key_file: z.string().optional(),
  server_name: z.string().optional(),
  insecure_skip_verify: z.boolean().default(false),
})

const httpConfig = {
  basic_auth: z
    .looseObject({
      username: text.default(''),
      password: text.optional(),
      password_file: z.string().optional(),
    })
    .optional(),
  authorization: z
    .looseObject({
      type: z.string().default('Bearer'),
      credentials: text.optional(),
      credentials_file: z.string().optional(),
    })
    .optional(),
  bearer_token: text.optional(),
  bearer_token_file: z.string().optional(),
  follow_redirects: z.boolean().default(true),
  tls_config: tlsConfig.prefault({}),
}

const protocol = z.enum(SCRAPE_PROTOCOLS)
const protocols = z
  .array(protocol)
  .min(1)
  .refine((all) => new Set(all).size === all.length, 'want each protocol once')
  .optional()

const staticConfig = z.strictObject({ targets: z.array(z.string()).default([]), labels: textMap.default({}) })

const scrapeConfig = z.looseObject({
  job_name: z.string().min(1),
  scrape_interval: duration.optional(),
  scrape_timeout: duration.optional(),
  metrics_path: z.string().default('/metrics'),
  scheme: z.enum(['http', 'https']).default('http'),
  params: z.record(z.string(), z.array(text)).default({}),
  honor_labels: z.boolean().default(false),
  honor_timestamps: z.boolean().default(true),
  track_timestamps_staleness: z.boolean().default(false),
  sample_limit: z.number().int().min(0).default(0),
  label_limit: z.number().int().min(0).default(0),
  body_size_limit: size.default(0),
  scrape_protocols: protocols,
  fallback_scrape_protocol: protocol.optional(),
  scrape_native_histograms: z.boolean().optional(),
  always_scrape_classic_histograms: z.boolean().optional(),
  scrape_classic_histograms: z.boolean().optional(),
  relabel_configs: z.array(relabelConfig).default([]),
  metric_relabel_configs: z.array(relabelConfig).default([]),
  static_configs: z.array(staticConfig).default([]),
  file_sd_configs: z
    .array(z.strictObject({ files: z.array(z.string()).min(1), refresh_interval: duration.default(300_000) }))
    .default([]),
  http_sd_configs: z
    .array(z.looseObject({ url: z.url(), refresh_interval: duration.default(60_000), ...httpConfig }))
    .default([]),
  dns_sd_configs: z
    .array(
      z.strictObject({
        names: z.array(z.string()).min(1),
        type: z.enum(['SRV', 'A', 'AAAA', 'MX', 'NS']).default('SRV'),
        port: z.number().int().min(0).max(65_535).default(0),
        refresh_interval: duration.default(30_000),
      }),
    )
    .default([]),
  ...httpConfig,
})

/** Kinds of discovery, as the keys of a `scrape_config` name them. */
export const DISCOVERY_KINDS: readonly string[] = Object.keys(scrapeConfig.shape).flatMap(
  (key) =>
    /^(static)_configs$|^(.+)_sd_configs$/
      .exec(key)
      ?.slice(1)
      .filter((kind) => kind !== undefined) ?? [],
)

/** A rule as `relabel_configs` says it, defaults filled in. */
export function relabelConfigOf(rule: RelabelRule): Readonly<Record<string, unknown>> {
  return {
    source_labels: rule.sourceLabels,
    separator: rule.separator,
    regex: rule.pattern.text,
    modulus: rule.modulus,
    target_label: rule.targetLabel,
    replacement: rule.replacement,
    action: rule.action,
  }
}

const fileSchema = z.looseObject({
  global: z.preprocess(
    (value) => value ?? {},
    z.looseObject({
      scrape_interval: duration.default(60_000),
      scrape_timeout: duration.default(10_000),
      body_size_limit: size.default(0),
      sample_limit: z.number().int().min(0).default(0),
      label_limit: z.number().int().min(0).default(0),
      scrape_protocols: protocols,
      scrape_native_histograms: z.boolean().default(false),
      always_scrape_classic_histograms: z.boolean().default(false),
    }),
  ),
  scrape_configs: z
    .array(scrapeConfig)
    .nullish()
    .transform((value) => value ?? []),
})

type FileConfig = z.output<typeof fileSchema>
type JobConfig = z.output<typeof scrapeConfig>

export interface ScrapeFile {
  readonly jobs: readonly NamedJob[]
  /** Sections and discoveries that do nothing here. */
  readonly warnings: readonly string[]
}

/** Hard limits that no file lifts: `scrape.*` of the server's own configuration. */
export interface ScrapeLimits {
  readonly maxBodyBytes: number
}

/** @param path of the file, for messages and for the paths in it, which are relative to its folder */
export function readScrapeFile(content: string, path: string, limits: ScrapeLimits): Result<ScrapeFile, string> {
  const document = parseDocument(content)
  const [problem] = document.errors
  if (problem !== undefined) return err(`${path}: ${problem.message}`)
  const parsed = fileSchema.safeParse(document.toJS() ?? {})
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return err(`${path}: ${issue?.path.join('.')}: ${issue?.message}`)
  }
  const warnings = ignoredSections(parsed.data)
  const jobs: NamedJob[] = []
  const names = new Set<string>()
  for (const one of parsed.data.scrape_configs) {
    if (names.has(one.job_name)) return err(`${path}: job_name ${JSON.stringify(one.job_name)} occurs twice`)
    names.add(one.job_name)
    const job = jobOf(one, parsed.data, dirname(path), limits)
    if (!job.ok) return err(`${path}: job ${one.job_name}: ${job.error}`)
    jobs.push(job.value)
    warnings.push(...ignoredKeys(one))
  }
  return ok({ jobs, warnings })
}

const SECTIONS_READ: ReadonlySet<string> = new Set(['global', 'scrape_configs'])

function ignoredSections(file: FileConfig): string[] {
  return Object.keys(file)
    .filter((key) => !SECTIONS_READ.has(key))
    .map((key) => `${key} is not read: it does not concern scraping`)
}

/** Keys that only say what is done anyway, or that change nothing in what is stored. */
const KEYS_WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  ...['enable_compression', 'enable_http2'],
  ...['metric_name_validation_scheme', 'metric_name_escaping_scheme', 'keep_dropped_targets', 'target_limit'],
  ...['label_name_length_limit', 'label_value_length_limit'],
])

function ignoredKeys(job: JobConfig): string[] {
  const known = new Set([...Object.keys(scrapeConfig.shape), ...KEYS_WITHOUT_EFFECT])
  return Object.keys(job)
    .filter((key) => !known.has(key))
    .map((key) => `job ${job.job_name}: ${key} is not supported and has no effect`)
}

function jobOf(job: JobConfig, file: FileConfig, folder: string, limits: ScrapeLimits): Result<NamedJob, string> {
  const intervalMs = job.scrape_interval ?? file.global.scrape_interval
  const timeoutMs = job.scrape_timeout ?? Math.min(file.global.scrape_timeout, intervalMs)
  if (intervalMs === 0) return err('want a scrape_interval above 0')
  if (timeoutMs > intervalMs) {
    return err(`want a scrape_timeout that is not greater than the interval (${intervalMs} ms), got ${timeoutMs} ms`)
  }
  const access = accessOf(job, folder)
  if (!access.ok) return access
  const relabelRules = rulesOf(job.relabel_configs, 'relabel_configs')
  if (!relabelRules.ok) return relabelRules
  const metricRelabelRules = rulesOf(job.metric_relabel_configs, 'metric_relabel_configs')
  if (!metricRelabelRules.ok) return metricRelabelRules
  const discoveries = discoveriesOf(job, folder)
  if (!discoveries.ok) return discoveries
  const bodyLimit = job.body_size_limit || file.global.body_size_limit || limits.maxBodyBytes
  return ok({
    fingerprint: JSON.stringify([job, file.global]),
    job: {
      name: job.job_name,
      intervalMs,
      timeoutMs,
      path: job.metrics_path,
      scheme: job.scheme,
      params: new Map(Object.entries(job.params)),
      honorsLabels: job.honor_labels,
      honorsTimestamps: job.honor_timestamps,
      tracksTimestampsStaleness: job.track_timestamps_staleness,
      ...formatsOf(job, file.global),
      access: access.value,
      discoveries: discoveries.value,
      relabelRules: relabelRules.value,
      metricRelabelRules: metricRelabelRules.value,
      sampleLimit: job.sample_limit || file.global.sample_limit,
      labelLimit: job.label_limit || file.global.label_limit,
      bodyBytesMax: Math.min(bodyLimit, limits.maxBodyBytes),
    },
  })
}

/**
 * What to ask for and what becomes of native histograms; they are asked for where the file wants them.
 * Source: Prometheus, `scrape_native_histograms`, `always_scrape_classic_histograms` (before 3.0 without `always_`).
 */
function formatsOf(
  job: JobConfig,
  global: FileConfig['global'],
): Pick<ScrapeJob, 'protocols' | 'fallbackProtocol' | 'histograms'> {
  const wantsNative = job.scrape_native_histograms ?? global.scrape_native_histograms
  const keepsClassic =
    job.always_scrape_classic_histograms ?? job.scrape_classic_histograms ?? global.always_scrape_classic_histograms
  const native = keepsClassic ? 'both' : 'native'
  return {
    protocols: job.scrape_protocols ?? global.scrape_protocols ?? (wantsNative ? SCRAPE_PROTOCOLS : TEXT_PROTOCOLS),
    fallbackProtocol: job.fallback_scrape_protocol,
    histograms: wantsNative ? native : 'classic',
  }
}

function discoveriesOf(job: JobConfig, folder: string): Result<Discovery[], string> {
  const discoveries: Discovery[] = []
  if (job.static_configs.length > 0) {
    const groups = job.static_configs.map(({ targets, labels }, i) => ({
      source: String(i),
      targets: targets.map((address) => new Map([['__address__', address]])),
      labels: new Map(Object.entries(labels)),
    }))
    discoveries.push({ kind: 'static', groups })
  }
  for (const { files, refresh_interval: refreshMs } of job.file_sd_configs) {
    discoveries.push({ kind: 'file', files: files.map((file) => resolvePath(folder, file)), refreshMs })
  }
  for (const one of job.http_sd_configs) {
    const access = accessOf(one, folder)
    if (!access.ok) return access
    discoveries.push({ kind: 'http', url: one.url, refreshMs: one.refresh_interval, access: access.value })
  }
  for (const { names, type, port, refresh_interval: refreshMs } of job.dns_sd_configs) {
    if (type !== 'SRV' && port === 0) return err(`dns_sd_configs: want a port for type ${type}`)
    discoveries.push({ kind: 'dns', names, type, port, refreshMs })
  }
  return ok(discoveries)
}

type HttpConfig = Pick<JobConfig, keyof typeof httpConfig>

function accessOf(config: HttpConfig, folder: string): Result<Access, string> {
  const { basic_auth: basic, authorization, tls_config: tls } = config
  const read = (file: string | undefined) =>
    file === undefined ? undefined : readFileSync(resolvePath(folder, file), 'utf8')
  try {
    const headers: Record<string, string> = {}
    const token = config.bearer_token ?? read(config.bearer_token_file)
    if (token !== undefined) headers['authorization'] = `Bearer ${token.trim()}`
    if (authorization !== undefined) {
      const credentials = authorization.credentials ?? read(authorization.credentials_file) ?? ''
      headers['authorization'] = `${authorization.type} ${credentials.trim()}`
    }
    if (basic !== undefined) {
      const password = basic.password ?? read(basic.password_file)?.trim() ?? ''
      headers['authorization'] = `Basic ${Buffer.from(`${basic.username}:${password}`).toString('base64')}`
    }
    const ca = tls.ca ?? read(tls.ca_file)
    const cert = tls.cert ?? read(tls.cert_file)
    const key = tls.key ?? read(tls.key_file)
    return ok({
      headers,
      followsRedirects: config.follow_redirects,
      verifiesTls: !tls.insecure_skip_verify,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(tls.server_name === undefined ? {} : { serverName: tls.server_name }),
    })
  } catch (error) {
    // A file of a password or certificate that cannot be read.
    return err((error as Error).message)
  }
}

function resolvePath(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path)
}

const NEEDS_TARGET: ReadonlySet<string> = new Set([
  ...['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal'],
])

function rulesOf(configs: readonly z.output<typeof relabelConfig>[], key: string): Result<RelabelRule[], string> {
  const rules: RelabelRule[] = []
  for (const [i, config] of configs.entries()) {
    if (NEEDS_TARGET.has(config.action) && config.target_label === '')
      return err(`${key}.${i}: want a target_label for the action ${config.action}`)
    if (config.action === 'hashmod' && config.modulus === 0) return err(`${key}.${i}: want a modulus above 0`)
    const pattern = compilePattern(config.regex)
    if (!pattern.ok) return err(`${key}.${i}: ${pattern.error.message}`)
    rules.push({
      action: config.action,
      sourceLabels: config.source_labels,
      separator: config.separator,
      pattern: pattern.value,
      modulus: config.modulus,
      targetLabel: config.target_label,
      replacement: config.replacement,
    })
  }
  return ok(rules)
}
