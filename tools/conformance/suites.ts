import type { Suite } from './suite.ts'
import { accessLogsSuite } from './suites/access-logs.ts'
import { builderSuite } from './suites/builder.ts'
import { influxSuite } from './suites/influx.ts'
import { logqlSuite } from './suites/logql.ts'
import { openmetricsSuite } from './suites/openmetrics.ts'
import { otlpSuite } from './suites/otlp.ts'
import { prometheusComplianceSuite } from './suites/prometheus-compliance.ts'
import { prometheusDiffSuite } from './suites/prometheus-diff.ts'
import { promqlSuite } from './suites/promql.ts'
import { statsdSuite } from './suites/statsd.ts'
import { traceqlSuite } from './suites/traceql.ts'
import { zipkinSuite } from './suites/zipkin.ts'

/** What `npm run conformance -- SUITE` knows. */
export const SUITES = {
  'access-logs': accessLogsSuite,
  builder: builderSuite,
  influx: influxSuite,
  logql: logqlSuite,
  openmetrics: openmetricsSuite,
  otlp: otlpSuite,
  promql: promqlSuite,
  'prometheus-compliance': prometheusComplianceSuite,
  'prometheus-diff': prometheusDiffSuite,
  statsd: statsdSuite,
  traceql: traceqlSuite,
  zipkin: zipkinSuite,
} as const satisfies Readonly<Record<string, Suite>>

export type SuiteName = keyof typeof SUITES

export function isSuiteName(name: string): name is SuiteName {
  return Object.hasOwn(SUITES, name)
}
