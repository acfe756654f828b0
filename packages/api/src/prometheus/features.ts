import { type EngineOptions, promqlFeatures } from '@vantage/query/promql'
import type { ServerFacts } from '../queries.ts'
import { FUZZ_ALGORITHMS } from './search-answer.ts'

type Features = Readonly<Record<string, Readonly<Record<string, boolean>>>>

/** By category and name as Prometheus has them; what is absent is not there. Source: docs/querying/api.md, "Features". */
export function featuresOf(options: EngineOptions, facts: ServerFacts): Features {
  const { language, functions, operators } = promqlFeatures(options)
  return {
    api: {
      admin: true,
      label_values_match: true,
      lifecycle: true,
      'openapi_3.1': true,
      otlp_write_receiver: true,
      query_warnings: true,
      remote_write_receiver: true,
      search: true,
      ...allTrue(Object.keys(FUZZ_ALGORITHMS).map((name) => `search_fuzz_alg_${name}`)),
      time_range_labels: true,
      time_range_series: true,
    },
    prometheus: { agent_mode: false, auto_reload_config: false, server_mode: true },
    promql: language,
    promql_functions: functions,
    promql_operators: operators,
    service_discovery_providers: allTrue(facts.discoveries()),
    tsdb: { exemplar_storage: true, native_histograms: true },
  }
}

function allTrue(names: readonly string[]): Readonly<Record<string, boolean>> {
  return Object.fromEntries(names.map((name) => [name, true]))
}
