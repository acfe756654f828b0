import type {
  AcceptedIntake,
  ExplainNode,
  KeptPeriod,
  KeptPeriods,
  MatrixSeries,
  MetricInfo,
  QueryAnswer,
  QueryData,
  RecentIntake,
  RefusedIntake,
  ServerStats,
  VectorSample,
} from './answers.ts'
import {
  arrayAt,
  isRecord,
  type Json,
  labelsOf,
  numberAt,
  optionalTextAt,
  recordAt,
  sampleValue,
  textAt,
  textsOf,
} from './json.ts'

/** Deepest plan shown; a deeper one is cut, its parent keeps the figures of what was cut. */
const EXPLAIN_DEPTH_MAX = 64

/** The body of `/api/v1/query` and `/api/v1/query_range`; undefined where its result type is not one we know. */
export function readQueryAnswer(body: Json): QueryAnswer | undefined {
  const payload = recordAt(body, 'data')
  const data = readQueryData(payload)
  if (data === undefined) return undefined
  return {
    data,
    warnings: textsOf(arrayAt(body, 'warnings')),
    infos: textsOf(arrayAt(body, 'infos')),
    explain: readExplain(payload['explain'], 0),
  }
}

function readQueryData(payload: Json): QueryData | undefined {
  const result = arrayAt(payload, 'result')
  switch (payload['resultType']) {
    case 'matrix': {
      const series = result.map(readMatrixSeries).filter((one) => one !== undefined)
      return { kind: 'matrix', series, histogramSeries: result.length - series.length }
    }
    case 'vector': {
      const samples = result.map(readVectorSample).filter((one) => one !== undefined)
      return { kind: 'vector', samples, histogramSeries: result.length - samples.length }
    }
    case 'scalar':
      return { kind: 'scalar', timeSeconds: Number(result[0]), value: sampleValue(result[1]) }
    case 'string':
      return { kind: 'string', timeSeconds: Number(result[0]), text: String(result[1] ?? '') }
    default:
      return undefined
  }
}

function readMatrixSeries(value: unknown): MatrixSeries | undefined {
  if (!isRecord(value) || !Array.isArray(value['values'])) return undefined
  const points = value['values'] as readonly unknown[]
  const timesSeconds = new Float64Array(points.length)
  const values = new Float64Array(points.length)
  for (let i = 0; i < points.length; i++) {
    const point = points[i]
    if (!Array.isArray(point)) return undefined
    timesSeconds[i] = Number(point[0])
    values[i] = sampleValue(point[1])
  }
  return { metric: labelsOf(value['metric']), timesSeconds, values }
}

function readVectorSample(value: unknown): VectorSample | undefined {
  if (!isRecord(value) || !Array.isArray(value['value'])) return undefined
  const [time, text] = value['value'] as readonly unknown[]
  return { metric: labelsOf(value['metric']), timeSeconds: Number(time), value: sampleValue(text) }
}

function readExplain(value: unknown, depth: number): ExplainNode | undefined {
  if (!isRecord(value) || depth > EXPLAIN_DEPTH_MAX) return undefined
  return {
    node: textAt(value, 'node'),
    kind: textAt(value, 'kind'),
    isFused: value['isFused'] === true,
    series: numberAt(value, 'series'),
    samples: numberAt(value, 'samples'),
    points: numberAt(value, 'points'),
    elapsedMs: numberAt(value, 'elapsedMs'),
    children: arrayAt(value, 'children')
      .map((child) => readExplain(child, depth + 1))
      .filter((child) => child !== undefined),
  }
}

/** `/api/v1/metadata`: the first entry of each metric is the one that is shown. */
export function readMetadata(body: Json): readonly MetricInfo[] {
  const byMetric = recordAt(body, 'data')
  return Object.keys(byMetric).map((metric) => {
    const first = arrayAt(byMetric, metric)[0]
    const entry = isRecord(first) ? first : {}
    return {
      metric,
      type: textAt(entry, 'type') || 'unknown',
      unit: textAt(entry, 'unit'),
      help: textAt(entry, 'help'),
    }
  })
}

export function readStats(body: Json): ServerStats {
  return {
    version: textAt(body, 'version'),
    uptimeSeconds: numberAt(body, 'uptimeSeconds'),
    samplesPerSecond: numberAt(body, 'samplesPerSecond'),
    seriesActive: numberAt(body, 'seriesActive'),
    samplesTotal: numberAt(body, 'samplesTotal'),
    diskBytes: numberAt(body, 'diskBytes'),
    receivers: arrayAt(body, 'receivers')
      .filter(isRecord)
      .map((one) => ({
        signal: textAt(one, 'signal'),
        receiver: textAt(one, 'receiver'),
        requests: numberAt(one, 'requests'),
        items: numberAt(one, 'items'),
        refused: numberAt(one, 'refused'),
      })),
  }
}

/**
 * The longest periods that the flags of the server name, ms: of raw samples (without one they are kept for ever) and of
 * their tiers (without one they are not written), of rows (as raw samples without one), and those of filters.
 */
export function readKeptPeriods(body: Json): KeptPeriods {
  const flags = recordAt(body, 'data')
  const periodOf = (name: string, withoutMs: number): KeptPeriod => {
    const ms = Number.parseFloat(textAt(flags, `storage.${name}`))
    return { key: `storage.${name}`, ms: Number.isNaN(ms) ? withoutMs : ms }
  }
  const raw = periodOf('retention', Number.POSITIVE_INFINITY)
  const rows = (name: string): KeptPeriod => {
    const own = periodOf(name, Number.NaN)
    return Number.isNaN(own.ms) ? raw : own
  }
  const filters = listOf(textAt(flags, FILTERS_KEY)).filter(isRecord)
  const longest = (signal: keyof KeptPeriods, periods: readonly KeptPeriod[]) =>
    [...periods, ...filters.flatMap((filter) => filterPeriods(signal, filter))].reduce((a, b) => (b.ms > a.ms ? b : a))
  return {
    metrics: longest('metrics', [raw, periodOf('retention5m', 0), periodOf('retention1h', 0)]),
    logs: longest('logs', [rows('retentionLogs')]),
    traces: longest('traces', [rows('retentionTraces')]),
  }
}

const FILTERS_KEY = 'storage.retentionFilters'

/** What a filter keeps of a signal: null is for ever. */
function filterPeriods(signal: keyof KeptPeriods, filter: Json): readonly KeptPeriod[] {
  const rows = recordAt(filter, 'rows')
  const { rawMs, tierMs } = recordAt(recordAt(filter, 'metrics'), 'keep')
  const isOfRows = rows['signal'] === (signal === 'traces' ? 'spans' : signal)
  const ofMetrics = signal === 'metrics' && Array.isArray(tierMs) ? [rawMs, ...tierMs] : []
  return (isOfRows ? [rows['keepMs']] : ofMetrics).map((ms) => ({
    key: FILTERS_KEY,
    ms: typeof ms === 'number' ? ms : Number.POSITIVE_INFINITY,
  }))
}

/** Values of JSON one after the other, with commas between them; none where they are not. */
function listOf(text: string): readonly unknown[] {
  try {
    return JSON.parse(`[${text}]`) as readonly unknown[]
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return []
  }
}

export function readRecentIntake(body: Json): RecentIntake {
  const accepted = arrayAt(body, 'accepted').filter(isRecord).map(readAccepted)
  const refused = arrayAt(body, 'refused').filter(isRecord).map(readRefused)
  return { accepted, refused }
}

function readAccepted(one: Json): AcceptedIntake {
  return {
    signal: textAt(one, 'signal'),
    receiver: textAt(one, 'receiver'),
    atMs: numberAt(one, 'atMs'),
    items: numberAt(one, 'items'),
    series: typeof one['series'] === 'number' ? one['series'] : undefined,
    firstMetric: optionalTextAt(one, 'firstMetric'),
  }
}

function readRefused(one: Json): RefusedIntake {
  return {
    receiver: textAt(one, 'receiver'),
    atMs: numberAt(one, 'atMs'),
    code: textAt(one, 'code'),
    message: textAt(one, 'message'),
    count: Math.max(1, numberAt(one, 'count')),
  }
}
