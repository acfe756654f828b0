import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { loadSync } from 'protobufjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pointText, rawPoints } from '../support/query.ts'
import { startServer, type TestServer } from '../support/server.ts'

/**
 * The example that opentelemetry-proto publishes (`examples/metrics.json`), as JSON and as protobuf. It is no part
 * of this repository: it is taken from where the conformance command looks, or from `VANTAGE_CONFORMANCE`.
 */
const CHECKOUT = resolve(import.meta.dirname, '../..')
const FOLDER = process.env['VANTAGE_CONFORMANCE'] ?? join(CHECKOUT, '../shared/conformance')
const EXAMPLE = join(FOLDER, 'otlp/examples/metrics.json')
const PROTO = join(CHECKOUT, 'packages/decode/proto/otlp-metrics.proto')
const TIME_MS = 1_544_712_660_300

const COMMON = (job: string) =>
  `job="${job}",ATTR,otel_scope_my_scope_attribute="some scope attribute",otel_scope_name="my.library",otel_scope_version="1.0.0",service_name="${job}"`

/** Delta points are summed from their start, so the first one is its own value. */
function expected(job: string): string[] {
  const labels = (attribute: string, le?: string) => {
    const own = `${attribute}="some value"`
    const lead = le === undefined ? '' : `le="${le}",`
    return `{${COMMON(job).replace('ATTR', `${lead}${own}`)}}`
  }
  const histogram = 'my_histogram_attr'
  return [
    `my_counter_total${labels('my_counter_attr')} 5`,
    `my_exponential_histogram${labels('my_exponential_histogram_attr')} 3/10`,
    `my_gauge_ratio${labels('my_gauge_attr')} 10`,
    `my_histogram_bucket${labels(histogram, '+Inf')} 2`,
    `my_histogram_bucket${labels(histogram, '1')} 1`,
    `my_histogram_count${labels(histogram)} 2`,
    `my_histogram_sum${labels(histogram)} 2`,
  ].map((text) => `${text} @${TIME_MS}`)
}

describe.skipIf(!existsSync(EXAMPLE))(
  'OTLP example (skipped where the folder with the suites of others is absent)',
  () => {
    let server: TestServer
    beforeAll(async () => {
      server = await startServer()
    })
    afterAll(async () => {
      await server.stop()
    })

    const bodyFor = (job: string) => readFileSync(EXAMPLE, 'utf8').replace('my.service', job)
    const encodings: readonly [string, (job: string) => string | Uint8Array][] = [
      ['application/json', bodyFor],
      [
        'application/x-protobuf',
        (job) => {
          const type = loadSync(PROTO).lookupType('otlp.ExportMetricsServiceRequest')
          return type.encode(type.fromObject(JSON.parse(bodyFor(job)))).finish()
        },
      ],
    ]

    test.each(encodings)('%s', async (contentType, encode) => {
      const job = contentType.replace(/\W/g, '-')
      const body = encode(job) as string
      const headers = { 'content-type': contentType }
      const answer = await fetch(`${server.otlpHttpUrl}/v1/metrics`, { method: 'POST', headers, body })
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, contentType])
      // Nothing to report: all of it is taken.
      expect(await answer.text()).toBe(contentType === 'application/json' ? '{}' : '')
      const found = await rawPoints(server.url, `{job="${job}"}`, TIME_MS + 1_000)
      expect(found.map(pointText).sort()).toEqual(expected(job).sort())
    })
  },
)
