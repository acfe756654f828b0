/**
 * What is asked of both: every function of Prometheus 2.42 and every kind of operator, at least three queries each.
 * `$c` counters, `$g` gauges, `$b` classic histogram buckets; each expression is asked at one instant and over a range.
 */

/** A series of each kind that both the node exporter and Prometheus itself have. */
const PLACEHOLDERS: readonly (readonly [placeholder: RegExp, selector: string])[] = [
  [/\$c2/g, 'prometheus_tsdb_head_samples_appended_total'],
  [/\$c/g, 'node_cpu_seconds_total'],
  [/\$g2/g, 'go_memstats_heap_alloc_bytes'],
  [/\$g/g, 'node_memory_MemAvailable_bytes'],
  [/\$b/g, 'prometheus_http_request_duration_seconds_bucket'],
]

export interface Question {
  readonly family: string
  readonly query: string
  /** The same question where Prometheus 2.42 has another name for it. */
  readonly peerQuery: string
  readonly isRange: boolean
}

interface Row {
  readonly expressions: readonly string[]
  /** Sorted results mean nothing over a range, and text has no range. */
  readonly isInstantOnly?: boolean
  /** Written the 2.42 way: [ours, theirs]. */
  readonly renamed?: readonly [ours: string, theirs: string]
}

function each(names: readonly string[], ...argumentLists: readonly string[]): Record<string, Row> {
  return Object.fromEntries(names.map((name) => [name, { expressions: argumentLists.map((one) => `${name}(${one})`) }]))
}

/** Samples of a few series, as a range of 12 samples and as subqueries on and off the grid of the scrapes. */
const COUNTER_RANGES = ['$c[1m]', '$c2[45s]', 'go_memstats_alloc_bytes_total[1m] offset 10s'] as const
const GAUGE_RANGES = ['$g[1m]', '$g2[40s]', '(sum by (job) ($g2))[1m:10s]'] as const
const UNIT = ['sin(vector(time() / 1e6))', 'node_memory_MemFree_bytes / node_memory_MemTotal_bytes', 'vector(-0.25)']

const TABLE: Readonly<Record<string, Row>> = {
  selector: {
    expressions: ['$g', '$c{cpu="0"}', '{__name__=~"node_load.+"}', '$g2{job!="node"}', 'up{job=~"n.*|prom.*"}'],
  },
  offset: {
    expressions: ['$g offset 20s', '$c{mode="idle"} offset 35s', 'rate($c[30s] offset 20s)', '$g2 offset -15s'],
  },
  at: { expressions: ['$g @ $T', 'rate($c[30s] @ $T)', '$g2 @ end()', '$g2 @ start() offset 5s'] },
  subquery: {
    expressions: [
      'max_over_time(rate($c[30s])[1m:10s])',
      'avg_over_time(($g - $g offset 15s)[45s:5s])',
      'sum_over_time($g2[1m:15s] offset 5s)',
    ],
  },
  ...each(['rate', 'increase', 'irate'], ...COUNTER_RANGES),
  ...each(['resets', 'changes'], ...COUNTER_RANGES, '$g[1m]'),
  ...each(['delta', 'idelta', 'deriv'], ...GAUGE_RANGES),
  predict_linear: { expressions: GAUGE_RANGES.map((range) => `predict_linear(${range}, 3600)`) },
  double_exponential_smoothing: {
    expressions: GAUGE_RANGES.map((range) => `double_exponential_smoothing(${range}, 0.5, 0.3)`),
    renamed: ['double_exponential_smoothing', 'holt_winters'],
  },
  ...each(
    ['avg_over_time', 'min_over_time', 'max_over_time', 'sum_over_time', 'count_over_time', 'last_over_time'],
    ...GAUGE_RANGES,
  ),
  ...each(['stddev_over_time', 'stdvar_over_time', 'present_over_time'], ...GAUGE_RANGES),
  quantile_over_time: {
    expressions: [
      'quantile_over_time(0.9, $g[1m])',
      'quantile_over_time(0, $g2[1m])',
      'quantile_over_time(1.5, $g[1m])',
    ],
  },
  absent: { expressions: ['absent(up{job="none",zone="a"})', 'absent(none_such)', 'absent(sum(none_such))'] },
  absent_over_time: {
    expressions: [
      'absent_over_time(up{job="none"}[1m])',
      'absent_over_time(none_such[1m])',
      'absent_over_time({job="none",env=~".+"}[30s:10s])',
    ],
  },
  ...each(['abs', 'ceil', 'floor', 'sgn'], '$g - 3e9', 'rate($c[30s]) - 0.5', 'vector(-1.5)'),
  ...each(['exp', 'sqrt', 'ln', 'log2', 'log10'], 'node_load1', 'rate($c[30s])', 'vector(-1)', '$g'),
  ...each(['sin', 'cos', 'tan', 'sinh', 'cosh', 'tanh', 'atan', 'asinh'], 'node_load1', ...UNIT),
  ...each(['asin', 'acos', 'atanh'], ...UNIT),
  ...each(['acosh'], 'node_load1 + 1', '$g', 'vector(0.5)'),
  ...each(['deg', 'rad'], 'node_load1', '$g', 'vector(-90)'),
  pi: { expressions: ['pi()', 'pi() * $g', 'vector(pi())'] },
  round: { expressions: ['round(node_load1)', 'round($g, 4096)', 'round(rate($c[30s]), 0.01)'] },
  clamp: { expressions: ['clamp($g, 1e8, 2e9)', 'clamp(node_load1, 0, 0.5)', 'clamp($c, 10, 20)'] },
  clamp_max: { expressions: ['clamp_max($g, 1e9)', 'clamp_max($c, 50)', 'clamp_max(node_load1, NaN)'] },
  clamp_min: { expressions: ['clamp_min($g, 1e12)', 'clamp_min($c, 50)', 'clamp_min(node_load1, 1)'] },
  time: { expressions: ['time()', 'time() - node_boot_time_seconds', 'vector(time())'] },
  timestamp: { expressions: ['timestamp($g)', 'timestamp($c{cpu="0"} offset 20s)', 'timestamp(sum(up))'] },
  ...each(
    ['year', 'month', 'day_of_month', 'day_of_week', 'day_of_year', 'days_in_month', 'hour', 'minute'],
    '',
    'node_boot_time_seconds',
    'vector(1709210096)',
  ),
  vector: { expressions: ['vector(1)', 'vector(NaN)', 'vector(-Inf)'] },
  scalar: { expressions: ['scalar($g)', 'scalar($c)', '$c * scalar(node_load1)'] },
  label_replace: {
    expressions: [
      'label_replace($c, "core", "core-$1", "cpu", "(.*)")',
      'label_replace(up, "host", "$1", "instance", "(.*):[0-9]+")',
      'label_replace($g, "x", "$2", "job", "no(d)e")',
    ],
  },
  label_join: {
    expressions: [
      'label_join($c, "both", "-", "cpu", "mode")',
      'label_join(up, "job", "", "missing")',
      'label_join($g, "all", ",", "job", "instance", "job")',
    ],
  },
  sort: { expressions: ['sort($c)', 'sort(rate($c[30s]))', 'sort(node_load1)'], isInstantOnly: true },
  sort_desc: { expressions: ['sort_desc($c)', 'sort_desc(rate($c[30s]))', 'sort_desc($g2)'], isInstantOnly: true },
  histogram_quantile: {
    expressions: [
      'histogram_quantile(0.9, $b)',
      'histogram_quantile(0.5, sum by (le) (rate($b[1m])))',
      'histogram_quantile(0.99, sum by (handler, le) ($b))',
    ],
  },
  ...Object.fromEntries(
    ['sum', 'avg', 'min', 'max', 'count', 'stddev', 'stdvar', 'group'].map((name): [string, Row] => [
      name,
      { expressions: [`${name}($c)`, `${name} by (mode) (rate($c[30s]))`, `${name} without (cpu, instance) ($c)`] },
    ]),
  ),
  topk: { expressions: ['topk(3, $c)', 'topk by (mode) (1, $c)', 'topk(2, go_memstats_mspan_inuse_bytes)'] },
  bottomk: { expressions: ['bottomk(2, $c{mode="idle"})', 'bottomk by (job) (1, $g2)', 'bottomk(1, node_load1)'] },
  quantile: { expressions: ['quantile(0.5, $c)', 'quantile by (cpu) (0.9, $c)', 'quantile(-1, $c)'] },
  count_values: {
    expressions: ['count_values("v", $g)', 'count_values by (job) ("v", up)', 'count_values("v", $c)'],
  },
  arithmetic: {
    expressions: [
      '$g / 1024 / 1024',
      '2 ^ node_load1 % 3',
      '-$g + $g2{job="node"} * on () group_left () vector(2)',
      '1 - rate($c{mode="idle"}[30s])',
      // Summed: 2.42 keeps the name of the metric (fixed by prometheus/prometheus#12595).
      'sum by (job) (node_load1 atan2 node_load5)',
    ],
  },
  comparison: {
    expressions: [
      '$c > 10',
      '$c > bool 10',
      'node_load1 >= node_load5 or node_load1 < node_load5',
      '1 == bool vector(1)',
    ],
  },
  matching: {
    expressions: [
      'rate($c[30s]) / on (cpu) group_left () sum by (cpu) (rate($c[30s]))',
      '$c / ignoring (mode) group_left () sum without (mode) ($c)',
      'up * on (job, instance) group_right () go_info',
      'node_memory_MemFree_bytes / node_memory_MemTotal_bytes',
    ],
  },
  set: { expressions: ['up and on (job) $g', 'up unless on (job) $g', 'node_load1 or $g2', 'up or none_such'] },
  staleness: {
    expressions: ['count({job="prometheus"})', 'count by (job) ({__name__=~".+"})', 'sum(scrape_samples_scraped)'],
  },
  'not a number': {
    expressions: ['prometheus_engine_query_duration_seconds', 'vector(0) / 0', 'go_gc_duration_seconds / 0'],
  },
  text: { expressions: ['"a text"', "'it\\'s'", '`raw \\n`'], isInstantOnly: true },
}

/** What Prometheus 2.42 lacks, and the upstream change that brought it. */
export const NOT_IN_PEER: Readonly<Record<string, string>> = {
  mad_over_time: '2.49, prometheus/prometheus#13059',
  'sort_by_label, sort_by_label_desc': '2.49, prometheus/prometheus#11299',
  'limitk, limit_ratio': '2.54, prometheus/prometheus#12503',
  info: '3.0, prometheus/prometheus#14495',
  'ts_of_min_over_time, ts_of_max_over_time, ts_of_last_over_time': '3.5, prometheus/prometheus#16722',
  'first_over_time, ts_of_first_over_time': '3.7, prometheus/prometheus#16963 and #17021',
  'histogram_stddev, histogram_stdvar': '2.47, prometheus/prometheus#12614',
  'histogram_avg, histogram_quantiles, histogram_count, histogram_sum, histogram_fraction':
    'native histograms, an experiment in 2.42 that node exporter and Prometheus do not expose by default',
  'start, end, range, step, min_of, max_of': 'experimental expressions of durations, 3.x',
}

/** @param atMs the time that all queries end at, for `@` */
export function listQuestions(atMs: number): Question[] {
  const questions: Question[] = []
  for (const [family, { expressions, isInstantOnly, renamed }] of Object.entries(TABLE)) {
    for (const expression of expressions) {
      const query = expand(expression, atMs)
      const peerQuery = renamed === undefined ? query : query.replaceAll(renamed[0], renamed[1])
      questions.push({ family, query, peerQuery, isRange: false })
      if (isInstantOnly !== true) questions.push({ family, query, peerQuery, isRange: true })
    }
  }
  return questions
}

function expand(expression: string, atMs: number): string {
  let query = expression.replaceAll('$T', String(atMs / 1000))
  for (const [placeholder, selector] of PLACEHOLDERS) query = query.replaceAll(placeholder, selector)
  return query
}
