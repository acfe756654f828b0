import { expect, test } from 'vitest'
import { acceptOf, expositionForm, SCRAPE_PROTOCOLS, type ScrapeProtocol, TEXT_PROTOCOLS } from './protocols.ts'

test.each<readonly [readonly ScrapeProtocol[], string]>([
  [
    TEXT_PROTOCOLS,
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
  ],
  [
    SCRAPE_PROTOCOLS,
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
  ],
  [['PrometheusText0.0.4'], 'text/plain;version=0.0.4;q=0.6,*/*;q=0.5'],
])('%j are asked for in their order', (protocols, header) => {
  expect(acceptOf(protocols)).toBe(header)
})

test.each<readonly [string, ScrapeProtocol | undefined, string]>([
  [
    'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
    undefined,
    'protobuf',
  ],
  ['Application/OpenMetrics-Text; version=1.0.0', 'PrometheusProto', 'openmetrics'],
  ['text/plain', 'PrometheusProto', 'text'],
  ['', undefined, 'text'],
  ['', 'OpenMetricsText1.0.0', 'openmetrics'],
  ['application/octet-stream', 'PrometheusProto', 'protobuf'],
  ['application/json', undefined, 'text'],
])('%j with the fallback %s is %s', (contentType, fallback, form) => {
  expect(expositionForm(contentType, fallback)).toBe(form)
})
