/**
 * OTLP names → Prometheus names, strategy `UnderscoreEscapingWithSuffixes`.
 * Source: prometheus/otlptranslator metric_namer.go, label_namer.go, unit_namer.go; OpenTelemetry specification
 * "Prometheus and OpenMetrics Compatibility".
 */

/** What the name of a metric depends on beside its own name. */
export type NameKind = 'gauge' | 'counter' | 'other'

const UNITS: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tibibytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '1': '',
  '%': 'percent',
}

const PER_UNITS: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
}

function unitWord(units: Readonly<Record<string, string>>, unit: string): string {
  const text = unit.trim()
  // `{requests}` is a note for people, not a unit.
  if (text === '' || /[{}]/.test(text)) return ''
  return Object.hasOwn(units, text) ? (units[text] as string) : text
}

function cleanUnit(word: string): string {
  return word.replace(/[^a-zA-Z0-9]+/g, '_').replace(/^_+|_+$/g, '')
}

/** `http.server.duration`, `ms`, other → `http_server_duration_milliseconds`; `''` where nothing is left. */
export function prometheusName(name: string, unit: string, kind: NameKind): string {
  let tokens = name.split(/[^a-zA-Z0-9:]+/).filter((token) => token !== '')
  const slash = unit.indexOf('/')
  const main = cleanUnit(unitWord(UNITS, slash < 0 ? unit : unit.slice(0, slash)))
  const per = slash < 0 ? '' : cleanUnit(unitWord(PER_UNITS, unit.slice(slash + 1)))
  const hasMain = tokens.includes(main)
  const hasPer = tokens.includes(per)
  if (main !== '' && !hasMain) tokens.push(main)
  if (per !== '' && !hasPer) tokens.push('per', per)
  if (kind === 'counter') tokens = [...tokens.filter((token) => token !== 'total'), 'total']
  if (kind === 'gauge' && unit === '1') tokens = [...tokens.filter((token) => token !== 'ratio'), 'ratio']
  const joined = tokens.join('_')
  return /^[0-9]/.test(joined) ? `_${joined}` : joined
}

/** The unit as metadata states it: `ms` → `milliseconds`, `By/s` → `bytes_per_second`. */
export function prometheusUnit(unit: string): string {
  const slash = unit.indexOf('/')
  const main = cleanUnit(unitWord(UNITS, slash < 0 ? unit : unit.slice(0, slash)))
  const per = slash < 0 ? '' : cleanUnit(unitWord(PER_UNITS, unit.slice(slash + 1)))
  if (per === '') return main
  return main === '' ? `per_${per}` : `${main}_per_${per}`
}

/** `http.method` → `http_method`, `1st` → `key_1st`, `_x` → `key_x`; `''` where only underscores are left. */
export function prometheusLabel(key: string): string {
  const name = key.replace(/[^a-zA-Z0-9_]/gu, '_')
  if (/^[0-9]/.test(name)) return `key_${name}`
  if (/^_+$/.test(name)) return ''
  return name.startsWith('_') && !name.startsWith('__') ? `key${name}` : name
}
