/** Labels that say how severe a row is, most telling first. Source: grafana/loki `log_level_fields`. */
export const LEVEL_NAMES: ReadonlySet<string> = new Set([
  'level',
  'LEVEL',
  'Level',
  'log.level',
  'severity',
  'SEVERITY',
  'Severity',
  'SeverityText',
  'severity_text',
  'lvl',
  'LVL',
  'Lvl',
])

const UNKNOWN_LEVEL = 'unknown'

/** Spellings of levels, in lower case. */
const LEVELS: Readonly<Record<string, string>> = {
  trace: 'trace',
  trc: 'trace',
  debug: 'debug',
  dbg: 'debug',
  info: 'info',
  inf: 'info',
  information: 'info',
  informational: 'info',
  notice: 'info',
  warn: 'warn',
  wrn: 'warn',
  warning: 'warn',
  error: 'error',
  err: 'error',
  critical: 'critical',
  crit: 'critical',
  fatal: 'fatal',
  panic: 'fatal',
  emerg: 'fatal',
  emergency: 'fatal',
  alert: 'critical',
}

/** Source: opentelemetry-specification logs/data-model.md, "Field: SeverityNumber". */
const OF_NUMBER = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const

/** Characters of a line that are looked at. */
const LINE_CHARS_MAX = 1024

function normalized(text: string): string | undefined {
  const key = text.toLowerCase()
  return Object.hasOwn(LEVELS, key) ? LEVELS[key] : undefined
}

/** 1 … 24; undefined for 0, which means absent. */
export function levelOfNumber(severity: number): string | undefined {
  return severity === 0 ? undefined : OF_NUMBER[Math.min(5, Math.floor((severity - 1) / 4))]
}

/** A level as a label or a severity text gives it; unknown words stay as they are. */
export function levelOfText(text: string): string | undefined {
  return text === '' ? undefined : (normalized(text) ?? text.toLowerCase())
}

// Linear: one key of a short list, then a bounded value.
const JSON_LEVEL =
  /"(?:level|LEVEL|Level|log\.level|severity|SEVERITY|Severity|SeverityText|severity_text|lvl|LVL|Lvl)"\s{0,8}:\s{0,8}"([^"\\]{1,32})"/
const LOGFMT_LEVEL =
  /(?<![^ \t])(?:level|LEVEL|Level|log\.level|severity|SEVERITY|Severity|SeverityText|severity_text|lvl|LVL|Lvl)="?([a-zA-Z]{1,32})/
const WORD = /\b(?:fatal|panic|critical|crit|error|err|warning|warn|debug|trace|info)\b/gi
const PRECEDENCE = ['fatal', 'critical', 'error', 'warn', 'debug', 'trace', 'info']

/** Finds the level in a line: a member of JSON, a key of logfmt, else a word that names one. */
export function levelOfLine(line: string): string {
  const head = line.length > LINE_CHARS_MAX ? line.slice(0, LINE_CHARS_MAX) : line
  const named = head.trimStart().startsWith('{') ? JSON_LEVEL.exec(head) : LOGFMT_LEVEL.exec(head)
  const level = named === null ? undefined : normalized(named[1] as string)
  return level ?? wordLevel(head)
}

function wordLevel(line: string): string {
  let best = PRECEDENCE.length
  for (const match of line.matchAll(WORD)) {
    const at = PRECEDENCE.indexOf(normalized(match[0]) as string)
    if (at >= 0 && at < best) best = at
  }
  return PRECEDENCE[best] ?? UNKNOWN_LEVEL
}
