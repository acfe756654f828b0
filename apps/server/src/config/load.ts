import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { err, ok, type Result } from '@vantage/model'
import { parseDocument } from 'yaml'
import type { ZodError } from 'zod'
import { type Config, configSchema, ENVIRONMENT } from './schema.ts'

/** Exit code of a configuration that is wrong. */
export const EXIT_CONFIG = 2

type Tree = { [key: string]: unknown }

export interface LoadedConfig {
  readonly config: Config
  /** Keys that were given by name: a taken port among them is a failure, not a warning. */
  readonly given: ReadonlySet<string>
}

const USAGE = 'vantage [--config FILE] [--data DIR] [--listen HOST:PORT] [--compat] [--promql-experimental]'

/** Later sources win: file, environment, arguments. Every problem names its key. */
export function loadConfig(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Result<LoadedConfig, string> {
  const flags = readFlags(args)
  if (!flags.ok) return flags
  const tree: Tree = {}
  const given = new Set<string>()
  const file = flags.value.config ?? env['VANTAGE_CONFIG']
  if (file !== undefined && file !== '') {
    const problem = mergeFile(tree, given, file)
    if (problem !== undefined) return err(problem)
  }
  const names: Record<string, string> = {}
  for (const [name, key] of Object.entries(ENVIRONMENT)) {
    const value = env[name]
    if (value !== undefined && value !== '') set(tree, given, names, key, value, name)
  }
  setKeys(tree, given, names, env)
  for (const [key, value] of flags.value.settings) set(tree, given, names, key, value, `--${key}`)
  const parsed = configSchema.safeParse(tree)
  if (!parsed.success) return err(describe(parsed.error, names))
  return checked({ config: parsed.data, given })
}

/** A bind that others can reach needs keys; without them start refuses. */
function checked(loaded: LoadedConfig): Result<LoadedConfig, string> {
  const { host, auth } = loaded.config
  if (auth.enabled && auth.keys.length === 0) {
    return err(
      'auth.enabled is true but no key is given: set API_KEY or TELEMETRY_API_KEYS (auth.keys), e.g. to the output of `openssl rand -hex 32`',
    )
  }
  if (!auth.enabled && !isLoopback(host)) {
    return err(
      `host ${host}: only loopback may be served without authentication; set VANTAGE_AUTH_ENABLED=true and API_KEY, or VANTAGE_HOST=127.0.0.1`,
    )
  }
  return ok(loaded)
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

interface Flags {
  readonly config: string | undefined
  readonly settings: readonly (readonly [string, string])[]
}

function readFlags(args: readonly string[]): Result<Flags, string> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string' },
        data: { type: 'string' },
        listen: { type: 'string' },
        compat: { type: 'boolean' },
        'promql-experimental': { type: 'boolean' },
      },
    })
    const settings: [string, string][] = []
    if (values.data !== undefined) settings.push(['data', values.data])
    if (values.compat === true) settings.push(['compat', 'true'])
    if (values['promql-experimental'] === true) settings.push(['query.experimental', 'true'])
    if (values.listen !== undefined) {
      const at = values.listen.lastIndexOf(':')
      if (at < 0) return err(`--listen: want HOST:PORT, got ${JSON.stringify(values.listen)}`)
      // Brackets belong to the text form of an address with colons: `[::1]:3000`.
      const host = values.listen.slice(0, at).replace(/^\[(.*)\]$/, '$1')
      settings.push(['host', host], ['port', values.listen.slice(at + 1)])
    }
    return ok({ config: values.config, settings })
  } catch (error) {
    return err(`${(error as Error).message}\nusage: ${USAGE}`)
  }
}

function mergeFile(tree: Tree, given: Set<string>, file: string): string | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return `configuration file ${file}: ${(error as Error).message}`
  }
  const document = parseDocument(text)
  const [problem] = document.errors
  if (problem !== undefined) return `configuration file ${file}: ${problem.message}`
  const value: unknown = document.toJS()
  if (value === null) return undefined
  if (typeof value !== 'object' || Array.isArray(value)) return `configuration file ${file}: want keys and values`
  Object.assign(tree, value)
  collect('', value as Tree, given)
  return undefined
}

function collect(prefix: string, value: Tree, given: Set<string>): void {
  for (const [key, inner] of Object.entries(value)) {
    const path = prefix === '' ? key : `${prefix}.${key}`
    if (typeof inner === 'object' && inner !== null && !Array.isArray(inner)) collect(path, inner as Tree, given)
    else given.add(path)
  }
}

function setKeys(
  tree: Tree,
  given: Set<string>,
  names: Record<string, string>,
  env: Readonly<Record<string, string | undefined>>,
): void {
  const keys = [env['API_KEY'], env['TELEMETRY_API_KEYS']].filter((one) => one !== undefined && one !== '')
  if (keys.length > 0) set(tree, given, names, 'auth.keys', keys.join(','), 'API_KEY, TELEMETRY_API_KEYS')
}

function set(
  tree: Tree,
  given: Set<string>,
  names: Record<string, string>,
  key: string,
  value: string,
  name: string,
): void {
  const path = key.split('.')
  let at = tree
  for (const part of path.slice(0, -1)) {
    const inner = at[part]
    const next: Tree = typeof inner === 'object' && inner !== null ? (inner as Tree) : {}
    at[part] = next
    at = next
  }
  at[path.at(-1) as string] = value
  given.add(key)
  names[key] = name
}

function describe(error: ZodError, names: Readonly<Record<string, string>>): string {
  return error.issues
    .map((issue) => {
      const key = issue.path.join('.')
      if (issue.code === 'unrecognized_keys')
        return `unknown key ${[key, issue.keys[0]].filter((one) => one !== '').join('.')}`
      const source = names[key] === undefined ? '' : ` (from ${names[key]})`
      return `${key}${source}: ${issue.message}`
    })
    .join('\n')
}
