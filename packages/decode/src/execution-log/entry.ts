import { foreign } from '@vantage/model'
import { type JsonLineRow, jsonFields, unixNsOf } from '../json-lines/fields.ts'

/**
 * One run of an integration job, as schedulers of Zoho, PowerBI, Efficy, SharePoint and EasyProjects write it down:
 *
 * | member                          | becomes                                                                   |
 * | ------------------------------- | ------------------------------------------------------------------------- |
 * | `Entreprise`                    | label `company`                                                           |
 * | `Source`                        | label `service_name`                                                      |
 * | `No_Sequence`                   | `sequence`; with company and object the `entry_key`                       |
 * | `Date_Sequence`                 | `sequence_date`, year first                                               |
 * | `Heure_Sequence`, `Minute_…`    | `sequence_hour`, `sequence_minute`, numbers                               |
 * | `Zone`, `Objet`, `Objet_Id`     | `zone`, `object`, `object_id`                                             |
 * | `Transformation`, `Description` | `transformation`, `description`                                           |
 * | `Etat`                          | `status`: `success`, `failed` or its own word in lower case               |
 * | `Debut`, `Fin`                  | `start`, `end`: RFC 3339 in UTC; the end is the time of the row           |
 * | `Duree secondes`                | `duration_seconds`; where it is not given, from start to end              |
 * | `cpu_time (sec)`                | `cpu_seconds`, from text too                                              |
 * | `memory_used (bytes)`           | `memory_bytes`; one below zero is `quality` and counts in no mean         |
 *
 * The line of the row is the entry as it was sent, behind the level that its status gives it.
 */
export interface Execution {
  readonly company: string
  readonly source: string
  /** unix ns */
  readonly endNs: bigint
  readonly isFailed: boolean
  /** What else is known, under our names. */
  readonly fields: Readonly<Record<string, string>>
}

const STATUSES: Readonly<Record<string, string>> = {
  success: 'success',
  succes: 'success',
  succès: 'success',
  ok: 'success',
  failed: 'failed',
  failure: 'failed',
  error: 'failed',
  erreur: 'failed',
  echec: 'failed',
  échec: 'failed',
  ko: 'failed',
}

/** Members that are texts, and what they become. */
const TEXTS: Readonly<Record<string, string>> = {
  No_Sequence: 'sequence',
  Zone: 'zone',
  Objet: 'object',
  Objet_Id: 'object_id',
  Transformation: 'transformation',
  Description: 'description',
}
/** Members that are numbers, maybe in quotes, and what they become. */
const NUMBERS: Readonly<Record<string, string>> = {
  Heure_Sequence: 'sequence_hour',
  Minute_Sequence: 'sequence_minute',
  'Duree secondes': 'duration_seconds',
  'cpu_time (sec)': 'cpu_seconds',
  'memory_used (bytes)': 'memory_bytes',
}
const REQUIRED = ['Entreprise', 'No_Sequence', 'Objet_Id', 'Source', 'Etat', 'Debut']

const DATE = /^(\d{2})[-/.](\d{2})[-/.](\d{4})$/
/** Day first, as in `05-09-2025 16:45:03.123456`, in UTC. */
const DAY_FIRST = /^(\d{2})[-/.](\d{2})[-/.](\d{4})[ T](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?$/
/** Seconds that a given duration may differ from what start and end say. */
const DURATION_SLACK_SECONDS = 1

/** @returns the row of a log stream that an entry becomes, or what is wrong with it */
export function readExecutionRow(text: string): JsonLineRow | string {
  const members = jsonFields(text)
  if (members === undefined) return 'want a JSON object'
  const found = standardize(members)
  if (typeof found === 'string') return found
  const { company, source, endNs, isFailed, fields } = found
  const level = isFailed ? 'error' : 'info'
  const inner = text.slice(text.indexOf('{') + 1)
  return {
    labels: { log_type: 'execution', service_name: source, company },
    timeNs: endNs,
    line: `{"level":"${level}",${inner}`,
    fields,
  }
}

/** @returns an entry under our names, in our units, or the first thing that is wrong with it */
export function standardize(members: ReadonlyMap<string, string>): Execution | string {
  const missing = REQUIRED.find((name) => (members.get(name) ?? '').trim() === '')
  if (missing !== undefined) return `${missing}: want a value, got none`
  const text = (name: string) => (members.get(name) ?? '').trim()
  if (!/^-?\d{1,18}$/.test(text('Objet_Id'))) return `Objet_Id: want a whole number, got ${quoted(text('Objet_Id'))}`
  const startNs = unixNs(text('Debut'))
  const endNs = text('Fin') === '' ? startNs : unixNs(text('Fin'))
  if (startNs === undefined) return `Debut: want dd-mm-yyyy HH:MM:SS or RFC 3339, got ${quoted(text('Debut'))}`
  if (endNs === undefined) return `Fin: want dd-mm-yyyy HH:MM:SS or RFC 3339, got ${quoted(text('Fin'))}`
  const numbers = readNumbers(members)
  if (typeof numbers === 'string') return numbers
  const status = STATUSES[text('Etat').toLowerCase()] ?? text('Etat').toLowerCase()
  const isFailed = status === 'failed'
  const given = Object.entries(TEXTS).filter(([name]) => text(name) !== '')
  const fields = {
    entry_key: [text('Entreprise'), text('No_Sequence'), text('Objet_Id')].join('|'),
    ...Object.fromEntries(given.map(([name, field]) => [field, text(name)])),
    ...(text('Date_Sequence') === '' ? {} : { sequence_date: yearFirst(text('Date_Sequence')) }),
    status,
    start: rfc3339(startNs),
    end: rfc3339(endNs),
    ...(isFailed ? errorOf(text('Description')) : {}),
    ...measuresOf(numbers, startNs, endNs, isFailed),
  }
  return { company: text('Entreprise'), source: text('Source'), endNs, isFailed, fields }
}

/** Numbers that are there, by our names. @returns what is wrong with one */
function readNumbers(members: ReadonlyMap<string, string>): Map<string, number> | string {
  const numbers = new Map<string, number>()
  for (const [name, field] of Object.entries(NUMBERS)) {
    const text = (members.get(name) ?? '').trim()
    if (text === '') continue
    const value = Number(text.replace(/^(-?\d+),(\d+)$/, '$1.$2'))
    if (!Number.isFinite(value)) return `${name}: want a number, got ${quoted(text)}`
    numbers.set(field, value)
  }
  return numbers
}

/** Numbers as texts, what follows from them, and what about them cannot be. */
function measuresOf(
  numbers: ReadonlyMap<string, number>,
  startNs: bigint,
  endNs: bigint,
  isFailed: boolean,
): Record<string, string> {
  const between = Number(endNs - startNs) / 1e9
  const durationSeconds = numbers.get('duration_seconds') ?? between
  const measures = new Map(numbers).set('duration_seconds', durationSeconds)
  const problems: string[] = []
  if ((measures.get('memory_bytes') ?? 0) < 0) {
    problems.push('memory_negative')
    measures.delete('memory_bytes')
  }
  if (between < 0 || durationSeconds < 0) problems.push('duration_negative')
  else if (between > 0 && Math.abs(between - durationSeconds) > DURATION_SLACK_SECONDS)
    problems.push('duration_differs')
  const cpuSeconds = numbers.get('cpu_seconds')
  if (cpuSeconds !== undefined && durationSeconds > 0) {
    measures.set('utilisation', rounded(cpuSeconds / durationSeconds))
    // What a failed run worked at is lost.
    const share = Math.min(100, Math.max(0, (100 * cpuSeconds) / durationSeconds))
    measures.set('efficiency', isFailed ? 0 : rounded(share))
  }
  const texts = Object.fromEntries([...measures].map(([field, value]) => [field, String(value)]))
  return problems.length === 0 ? texts : { ...texts, quality: problems.join(',') }
}

/** What a description says of a failure: behind the word for it, and its kind. */
function errorOf(description: string): Record<string, string> {
  const said = /(?:erreur|error|exception|échec|failed)\s*[:-]\s*(.+)$/i.exec(description)?.[1] ?? description
  const kind = /\b([A-Z]\w*(?:Error|Exception))\b/.exec(description)?.[1]
  const status = /\b(?:HTTP|status|code)\s*:?\s*([45]\d\d)\b/i.exec(description)?.[1]
  const type = kind ?? (status === undefined ? 'unknown' : `HTTP ${status}`)
  return { error_type: type, ...(said === '' ? {} : { error_message: said }) }
}

function unixNs(text: string): bigint | undefined {
  const [, day, month, year, time, fraction = ''] = DAY_FIRST.exec(text) ?? []
  if (time === undefined) return unixNsOf(text)
  const moment = `${year}-${month}-${day}T${time}`
  const timeNs = unixNsOf(`${moment}.${fraction.padEnd(9, '0')}Z`)
  // The 31st of a shorter month would be a day of the next one.
  return timeNs !== undefined && rfc3339(timeNs).startsWith(moment) ? timeNs : undefined
}

function yearFirst(text: string): string {
  return text.replace(DATE, '$3-$2-$1')
}

/** In microseconds, as entries have them. */
function rfc3339(timeNs: bigint): string {
  const ms = timeNs / 1_000_000n
  const micros = String((timeNs / 1_000n) % 1_000n).padStart(3, '0')
  return new Date(Number(ms)).toISOString().replace('Z', `${micros}Z`)
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000
}

function quoted(text: string): string {
  return JSON.stringify(foreign(text))
}
