import { err, type Fault, fault, ok, type Result, unreachable } from '../fault.ts'
import {
  DASHBOARD_VERSION,
  type Dashboard,
  type DashboardVariable,
  DRAW_NAMES,
  GRID_COLUMNS,
  type Panel,
  type PanelBase,
  type PanelKind,
  type PanelPlace,
  type PanelQuery,
  QUERY_LANGUAGES,
  type QueryLanguage,
  type Threshold,
  TONES,
  UNIT_NAMES,
} from './document.ts'
import { DocumentReader, type Members } from './document-reader.ts'
import { DASHBOARD_LIMITS as LIMITS } from './limits.ts'

const ID = /^[a-z0-9][a-z0-9-]{0,63}$/
const ID_FORM = `1 to ${LIMITS.idChars} small letters, digits and -`
const VARIABLE = /^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/
/** Names that queries have for other things. */
const OWN_NAMES: readonly string[] = ['window', 'step', 'range']
const ROWS_DEFAULT = 20

const BASE = ['id', 'kind', 'title', 'description', 'place', 'unit', 'queries', 'empty'] as const

/** Members of each kind beside those of all. */
const OWN_MEMBERS = {
  'time-series': ['draw'],
  stat: ['thresholds'],
  gauge: ['max', 'thresholds'],
  bars: ['max', 'rows', 'thresholds'],
  heatmap: [],
  histogram: [],
  pie: [],
  'state-timeline': ['states'],
  table: ['rows', 'units'],
  logs: ['rows'],
  traces: ['rows'],
} as const satisfies Record<PanelKind, readonly string[]>

const KINDS = Object.keys(OWN_MEMBERS) as PanelKind[]

/** Reads a document, checks every member, and says where the first one is that it cannot take. */
export function readDashboard(value: unknown): Result<Dashboard, Fault> {
  const reader = new DocumentReader()
  const names = ['version', 'id', 'title', 'description', 'tags', 'variables', 'panels']
  const document = reader.members(value, 'dashboard', names)
  if (document['version'] !== DASHBOARD_VERSION) {
    reader.refuse('version', String(DASHBOARD_VERSION), document['version'])
  }
  const dashboard: Dashboard = {
    version: DASHBOARD_VERSION,
    id: reader.formed(document['id'], 'id', ID, ID_FORM),
    title: reader.text(document['title'], 'title', LIMITS.titleChars),
    description: reader.optionalText(document['description'], 'description', LIMITS.descriptionChars),
    tags: reader
      .list(document['tags'], 'tags', LIMITS.tags)
      .map((tag, i) => reader.text(tag, `tags[${i}]`, LIMITS.titleChars)),
    variables: reader
      .list(document['variables'], 'variables', LIMITS.variables)
      .map((one, i) => readVariable(reader, one, `variables[${i}]`)),
    panels: reader
      .list(document['panels'], 'panels', LIMITS.panels)
      .map((one, i) => readPanel(reader, one, `panels[${i}]`)),
  }
  refuseTwice(
    reader,
    'variables',
    'name',
    dashboard.variables.map(({ name }) => name),
  )
  refuseTwice(
    reader,
    'panels',
    'id',
    dashboard.panels.map(({ id }) => id),
  )
  refuseOverlap(reader, dashboard.panels)
  return reader.problem === undefined ? ok(dashboard) : err(fault('bad_request', reader.problem))
}

function refuseTwice(reader: DocumentReader, list: string, member: string, names: readonly string[]): void {
  const at = names.findIndex((name, i) => names.indexOf(name) < i)
  if (at >= 0) reader.refuse(`${list}[${at}].${member}`, 'one that no other has', names[at])
}

function refuseOverlap(reader: DocumentReader, panels: readonly Panel[]): void {
  panels.forEach(({ place: a }, i) => {
    const other = panels.findIndex(({ place: b }, j) => j < i && isOverlapping(a, b))
    if (other >= 0) reader.refuse(`panels[${i}].place`, 'room of its own', `room of panels[${other}]`)
  })
}

function isOverlapping(a: PanelPlace, b: PanelPlace): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

function readVariable(reader: DocumentReader, value: unknown, where: string): DashboardVariable {
  const one = reader.members(value, where, ['name', 'title', 'query', 'label'])
  const name = reader.formed(one['name'], `${where}.name`, VARIABLE, 'a name such as service_name')
  if (OWN_NAMES.includes(name)) reader.refuse(`${where}.name`, `another name than ${OWN_NAMES.join(', ')}`, name)
  return {
    name,
    title: one['title'] === undefined ? name : reader.text(one['title'], `${where}.title`, LIMITS.titleChars),
    query: reader.text(one['query'], `${where}.query`, LIMITS.queryChars),
    label: reader.text(one['label'], `${where}.label`, LIMITS.titleChars),
  }
}

function readPanel(reader: DocumentReader, value: unknown, where: string): Panel {
  const kindAt = typeof value === 'object' && value !== null ? (value as Members)['kind'] : undefined
  const kind = reader.choice(kindAt, `${where}.kind`, KINDS)
  const one = reader.members(value, where, [...BASE, ...OWN_MEMBERS[kind]])
  const languages = languagesOf(kind)
  const queries = reader
    .list(one['queries'], `${where}.queries`, LIMITS.queriesOfPanel)
    .map((query, i) => readQuery(reader, query, `${where}.queries[${i}]`, languages))
  if (queries.length === 0) reader.refuse(`${where}.queries`, 'at least one query', 'none')
  const base = {
    id: reader.formed(one['id'], `${where}.id`, ID, ID_FORM),
    title: reader.text(one['title'], `${where}.title`, LIMITS.titleChars),
    description: reader.optionalText(one['description'], `${where}.description`, LIMITS.descriptionChars),
    place: readPlace(reader, one['place'], `${where}.place`),
    unit: reader.choice(one['unit'], `${where}.unit`, UNIT_NAMES, 'none'),
    queries,
    empty: reader.optionalText(one['empty'], `${where}.empty`, LIMITS.descriptionChars),
  }
  return readOwn(reader, kind, one, where, base)
}

/** What a panel of a kind can ask in; the first is meant where none is named. */
function languagesOf(kind: PanelKind): readonly QueryLanguage[] {
  if (kind === 'logs') return ['logql']
  return kind === 'traces' ? ['traceql'] : ['promql', 'logql']
}

function readOwn(reader: DocumentReader, kind: PanelKind, one: Members, where: string, base: PanelBase): Panel {
  const thresholds = () => readThresholds(reader, one['thresholds'], `${where}.thresholds`)
  const max = (fallback: number) => (one['max'] === undefined ? fallback : reader.number(one['max'], `${where}.max`))
  const rows = () => {
    return one['rows'] === undefined ? ROWS_DEFAULT : reader.whole(one['rows'], `${where}.rows`, 1, LIMITS.listRows)
  }
  switch (kind) {
    case 'time-series':
      return { ...base, kind, draw: reader.choice(one['draw'], `${where}.draw`, DRAW_NAMES, 'line') }
    case 'stat':
      return { ...base, kind, thresholds: thresholds() }
    case 'gauge':
      return { ...base, kind, max: max(1), thresholds: thresholds() }
    case 'bars':
      return { ...base, kind, max: max(0), rows: rows(), thresholds: thresholds() }
    case 'heatmap':
    case 'histogram':
    case 'pie':
      return { ...base, kind }
    case 'state-timeline':
      return { ...base, kind, states: readStates(reader, one['states'], `${where}.states`) }
    case 'table':
      return { ...base, kind, rows: rows(), units: readUnits(reader, one['units'], `${where}.units`) }
    case 'logs':
    case 'traces':
      return { ...base, kind, rows: rows() }
    default:
      return unreachable(kind)
  }
}

function readPlace(reader: DocumentReader, value: unknown, where: string): PanelPlace {
  const one = reader.members(value, where, ['x', 'y', 'width', 'height'])
  const x = reader.whole(one['x'], `${where}.x`, 0, GRID_COLUMNS - 1)
  return {
    x,
    y: reader.whole(one['y'], `${where}.y`, 0, LIMITS.rows),
    width: reader.whole(one['width'], `${where}.width`, 1, GRID_COLUMNS - x),
    height: reader.whole(one['height'], `${where}.height`, 1, LIMITS.panelRows),
  }
}

function readQuery(
  reader: DocumentReader,
  value: unknown,
  where: string,
  languages: readonly QueryLanguage[],
): PanelQuery {
  const one = reader.members(value, where, ['language', 'text', 'legend', 'tone'])
  const [usual] = languages as readonly [QueryLanguage]
  const language = reader.choice(one['language'], `${where}.language`, QUERY_LANGUAGES, usual)
  if (!languages.includes(language)) reader.refuse(`${where}.language`, languages.join(' or '), language)
  return {
    language,
    text: reader.text(one['text'], `${where}.text`, LIMITS.queryChars),
    legend: reader.optionalText(one['legend'], `${where}.legend`, LIMITS.titleChars),
    tone: reader.choice(one['tone'], `${where}.tone`, TONES, 'neutral'),
  }
}

function readThresholds(reader: DocumentReader, value: unknown, where: string): readonly Threshold[] {
  const thresholds = reader.list(value, where, LIMITS.thresholds).map((given, i) => {
    const one = reader.members(given, `${where}[${i}]`, ['from', 'tone'])
    return {
      from: reader.number(one['from'], `${where}[${i}].from`),
      tone: reader.choice(one['tone'], `${where}[${i}].tone`, TONES),
    }
  })
  refuseDescent(reader, where, thresholds)
  return thresholds
}

function readStates(reader: DocumentReader, value: unknown, where: string) {
  const states = reader.list(value, where, LIMITS.thresholds).map((given, i) => {
    const one = reader.members(given, `${where}[${i}]`, ['from', 'tone', 'name'])
    return {
      from: reader.number(one['from'], `${where}[${i}].from`),
      tone: reader.choice(one['tone'], `${where}[${i}].tone`, TONES, 'neutral'),
      name: reader.text(one['name'], `${where}[${i}].name`, LIMITS.titleChars),
    }
  })
  if (states.length === 0) reader.refuse(where, 'at least one state', 'none')
  refuseDescent(reader, where, states)
  return states
}

function refuseDescent(reader: DocumentReader, where: string, steps: readonly Threshold[]): void {
  const at = steps.findIndex(({ from }, i) => i > 0 && from <= (steps[i - 1] as Threshold).from)
  if (at >= 0) reader.refuse(`${where}[${at}].from`, 'more than the one before', steps[at]?.from)
}

function readUnits(reader: DocumentReader, value: unknown, where: string) {
  return reader
    .list(value, where, LIMITS.queriesOfPanel)
    .map((unit, i) => reader.choice(unit, `${where}[${i}]`, UNIT_NAMES))
}
