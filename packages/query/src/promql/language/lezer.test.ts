import { parser } from '@prometheus-io/lezer-promql'
import { expect, test } from 'vitest'
import { DEFAULT_OPTIONS } from '../options.ts'
import { parsePromql } from './parser.ts'

/** True where the editor's grammar, made by others, finds no error. */
function lezerAccepts(query: string): boolean {
  let accepts = true
  parser.parse(query).iterate({
    enter: (node) => {
      if (node.type.isError) accepts = false
    },
  })
  return accepts
}

const VALID = [
  'up',
  'up{job="node", instance=~"a.*", mode!="idle"}',
  '{"http.server.duration", "k8s.pod"="x"}',
  'sum by (job) (rate(http_requests_total{code=~"5.."}[5m])) / sum by (job) (rate(http_requests_total[5m]))',
  'histogram_quantile(0.99, sum by (le, path) (rate(request_duration_seconds_bucket[5m])))',
  'topk(5, sum without (pod) (container_memory_working_set_bytes)) > 1e9',
  'avg_over_time(rate(x[1m])[1h:5m] offset 1d)',
  'max_over_time(deriv(x[10m] @ 1609746000)[1h:] @ end())',
  'a * on (instance) group_left (version) b',
  'a unless ignoring (x) b or c and on () d',
  'label_replace(up, "host", "$1", "instance", "([^:]+):.*")',
  'absent(up{job="x"}) == bool 1',
  '-x ^ 2 % 3 atan2 y',
  'count_values("version", build_info)',
  'predict_linear(node_filesystem_free_bytes[6h], 4 * 3600) < 0',
  'clamp(x, -1, +Inf)',
  'x offset -5m',
  'sum(x) # comment',
  'time() - process_start_time_seconds',
  'day_of_week() == 0',
  'quantile(0.5, x) by (job)',
  'group by (a) (x) and vector(1)',
] as const

const INVALID = ['sum(', 'x{a=}', '1 +', 'x[5m', 'by (a) x', 'x{', 'rate(x[5m)', 'a + + ', 'x offset', 'x @'] as const

test.each(VALID)('both accept %s', (query) => {
  const parsed = parsePromql(query, DEFAULT_OPTIONS)
  expect(parsed.ok ? '' : parsed.error.message).toBe('')
  expect(lezerAccepts(query)).toBe(true)
})

test.each(INVALID)('both refuse %s', (query) => {
  expect(parsePromql(query, DEFAULT_OPTIONS).ok).toBe(false)
  expect(lezerAccepts(query)).toBe(false)
})
