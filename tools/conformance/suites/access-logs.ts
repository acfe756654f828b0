import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { DEFAULT_TENANT, labelValue, systemClock } from '../../../packages/model/src/index.ts'
import { MemoryLogs, unlimitedBudget } from '../../../packages/model/src/testing/index.ts'
import { evaluateLogql, LOGQL_LIMITS, type Stream } from '../../../packages/query/src/logql/index.ts'
import type { CaseResult, FileResult, Suite } from '../suite.ts'

/** Logs of real servers: every record is read with a pipeline for its kind, and its labels must be what they are called. */
export const accessLogsSuite: Suite = { folder: 'access-logs', run }

interface Kind {
  readonly name: RegExp
  readonly pipeline: string
  /** Where a record begins; lines without belong to the one before. Undefined = every line is one. */
  readonly start: RegExp | undefined
  /** Labels that every record has, and how their values look. */
  readonly labels: Readonly<Record<string, RegExp>>
}

const KINDS: readonly Kind[] = [
  {
    name: /apache.*\.log$/,
    pipeline:
      '| regexp `^(?P<ip>\\S+) (?P<ident>\\S+) (?P<user>\\S+) \\[(?P<time>[^\\]]+)\\] "(?P<method>[A-Z]+) (?P<path>.*?) (?P<protocol>HTTP/[0-9.]+)" (?P<status>[0-9]{3}) (?P<size>[0-9]+|-) "(?P<referer>.*?)" "(?P<agent>.*)$` | status >= 100',
    start: undefined,
    labels: {
      ip: /^[0-9a-fA-F.:]+$/,
      time: /^\d\d\/[A-Z][a-z]{2}\/\d{4}(?::\d\d){3} [+-]\d{4}$/,
      method: /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH)$/,
      path: /^\S/,
      protocol: /^HTTP\/1\.[01]$/,
      status: /^[1-5]\d\d$/,
      size: /^(?:\d+|-)$/,
      referer: /^/,
    },
  },
  {
    name: /json\.log$/,
    pipeline: '| json | timestamp > 1400000000000',
    start: undefined,
    labels: {
      nginx_version: /^\d+\.\d+\.\d+$/,
      connections_accepted: /^\d+$/,
      requests_total: /^\d+$/,
      server_zones_trac_nginx_org_requests: /^\d+$/,
    },
  },
  {
    name: /kafka.*\.log/,
    pipeline: '| regexp `(?s)^\\[(?P<time>[^\\]]+)\\] (?P<level>[A-Z]+) (?P<message>.*)$` | level != ""',
    start: /^\[\d{4}-\d\d-\d\d /,
    labels: {
      time: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}$/,
      level: /^(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)$/,
      message: /\S/,
    },
  },
]

async function* run(dir: string): AsyncIterable<FileResult> {
  const entries = await readdir(dir, { recursive: true })
  for (const name of entries.sort()) {
    const kind = KINDS.find((one) => one.name.test(name))
    if (kind !== undefined) yield { name, cases: readRecords(name, await readFile(join(dir, name), 'utf8'), kind) }
  }
}

function recordsOf(text: string, { start }: Kind): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  if (start === undefined) return lines
  const records: string[] = []
  for (const line of lines) {
    if (records.length === 0 || start.test(line)) records.push(line)
    else records.push(`${records.pop()}\n${line}`)
  }
  return records
}

/** All records at once, each with a time of its own to be told by. */
function readRecords(name: string, text: string, kind: Kind): CaseResult[] {
  const records = recordsOf(text, kind)
  const store = new MemoryLogs()
  for (const [i, record] of records.entries()) {
    store.appendLine(DEFAULT_TENANT, { job: 'file' }, BigInt(i + 1) * 1_000_000n, record)
  }
  const request = {
    query: `{job="file"} ${kind.pipeline}`,
    startNs: 0n,
    endNs: BigInt(records.length + 2) * 1_000_000n,
    stepNs: 1_000_000_000n,
    limit: records.length + 1,
    direction: 'forward',
    intervalNs: 0n,
    detectsLevels: false,
    limits: {
      ...LOGQL_LIMITS,
      pointsMax: Number.POSITIVE_INFINITY,
      rowsMax: records.length + 1,
      seriesMax: records.length + 1,
    },
  } as const
  const result = evaluateLogql(request, DEFAULT_TENANT, store, unlimitedBudget, systemClock)
  const complaint = result.ok ? '' : result.error.message
  const streams = result.ok && result.value.data.kind === 'streams' ? result.value.data.streams : []
  const found = new Map(streams.flatMap((stream) => stream.entries.map((entry) => [entry.timeNs, stream] as const)))
  return records.map((_, i) => {
    const reason = complaint || recordComplaint(found.get(BigInt(i + 1) * 1_000_000n), kind)
    return { id: `${basename(name)}:${i + 1}`, verdict: reason === '' ? 'pass' : 'fail', reason }
  })
}

function recordComplaint(stream: Stream | undefined, { labels }: Kind): string {
  if (stream === undefined) return 'the pipeline dropped it'
  const error = labelValue(stream.labels, '__error__')
  if (error !== '') return `${error}: ${labelValue(stream.labels, '__error_details__')}`
  for (const [name, pattern] of Object.entries(labels)) {
    const value = labelValue(stream.labels, name)
    if (!pattern.test(value)) return `label ${name}: got ${JSON.stringify(value)}`
  }
  return ''
}
