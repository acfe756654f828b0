import { SCRAPE_PROTOCOLS, TEXT_PROTOCOLS } from '@vantage/receive'
import { expect, test } from 'vitest'
import { readScrapeFile } from './prometheus-yml.ts'

const LIMITS = { maxBodyBytes: 1_000_000 }
const read = (text: string) => readScrapeFile(text, '/etc/prom/prometheus.yml', LIMITS)

test('defaults, global values and what a job overrides', () => {
  const file = read(`
global: {scrape_interval: 30s, scrape_timeout: 20s, evaluation_interval: 1m}
alerting: {alertmanagers: []}
scrape_configs:
  - job_name: a
    static_configs: [{targets: [localhost:9090]}]
  - job_name: b
    scrape_interval: 5s
    metrics_path: /probe
    params: {module: [http_2xx]}
    scheme: https
    body_size_limit: 2KB
    sample_limit: 10
    file_sd_configs: [{files: [targets/*.yml]}]
    kubernetes_sd_configs: [{role: pod}]
`)
  if (!file.ok) throw new Error(file.error)
  const [a, b] = file.value.jobs.map(({ job }) => job)
  expect(a).toMatchObject({
    intervalMs: 30_000,
    timeoutMs: 20_000,
    path: '/metrics',
    scheme: 'http',
    bodyBytesMax: 1_000_000,
  })
  // The timeout follows an interval that is shorter.
  expect(b).toMatchObject({
    intervalMs: 5_000,
    timeoutMs: 5_000,
    path: '/probe',
    scheme: 'https',
    bodyBytesMax: 2_048,
    sampleLimit: 10,
  })
  expect(b?.discoveries).toEqual([{ kind: 'file', files: ['/etc/prom/targets/*.yml'], refreshMs: 300_000 }])
  expect(file.value.warnings).toEqual([
    'alerting is not read: it does not concern scraping',
    'job b: kubernetes_sd_configs is not supported and has no effect',
  ])
})

test.each<readonly [string, string, object]>([
  ['', '', { protocols: TEXT_PROTOCOLS, fallbackProtocol: undefined, histograms: 'classic' }],
  ['', 'scrape_native_histograms: true', { protocols: SCRAPE_PROTOCOLS, histograms: 'native' }],
  ['scrape_native_histograms: true', '', { protocols: SCRAPE_PROTOCOLS, histograms: 'native' }],
  ['scrape_native_histograms: true', 'scrape_native_histograms: false', { histograms: 'classic' }],
  ['scrape_native_histograms: true', 'always_scrape_classic_histograms: true', { histograms: 'both' }],
  ['scrape_native_histograms: true', 'scrape_classic_histograms: true', { histograms: 'both' }],
  ['scrape_protocols: [PrometheusText1.0.0]', '', { protocols: ['PrometheusText1.0.0'] }],
  [
    'scrape_protocols: [PrometheusText1.0.0]',
    'scrape_protocols: [PrometheusProto, OpenMetricsText1.0.0], fallback_scrape_protocol: PrometheusProto',
    { protocols: ['PrometheusProto', 'OpenMetricsText1.0.0'], fallbackProtocol: 'PrometheusProto' },
  ],
])('formats: global {%s}, job {%s}', (global, job, wanted) => {
  const file = read(`global: {${global}}\nscrape_configs: [{job_name: a, ${job}}]`)
  if (!file.ok) throw new Error(file.error)
  expect(file.value.jobs[0]?.job).toMatchObject(wanted)
  expect(file.value.warnings).toEqual([])
})

test('an empty file scrapes nothing', () => {
  expect(read('')).toEqual({ ok: true, value: { jobs: [], warnings: [] } })
})

const bad: [string, string, RegExp][] = [
  ['no YAML', 'a: [', /flow|Flow/],
  ['a job twice', 'scrape_configs: [{job_name: a}, {job_name: a}]', /"a" occurs twice/],
  ['a job without a name', 'scrape_configs: [{}]', /scrape_configs\.0\.job_name/],
  ['a protocol that is none', 'scrape_configs: [{job_name: a, scrape_protocols: [Avro]}]', /scrape_protocols/],
  [
    'a protocol twice',
    'scrape_configs: [{job_name: a, scrape_protocols: [PrometheusProto, PrometheusProto]}]',
    /want each protocol once/,
  ],
  [
    'a timeout above the interval',
    'scrape_configs: [{job_name: a, scrape_interval: 1s, scrape_timeout: 2s}]',
    /not greater than the interval/,
  ],
  [
    'a bad pattern',
    "scrape_configs: [{job_name: a, relabel_configs: [{regex: '(', target_label: x}]}]",
    /relabel_configs\.0: regular expression/,
  ],
  [
    'hashmod without a modulus',
    'scrape_configs: [{job_name: a, relabel_configs: [{action: hashmod, target_label: x}]}]',
    /modulus/,
  ],
  ['an unknown action', 'scrape_configs: [{job_name: a, relabel_configs: [{action: explode}]}]', /action/],
  [
    'a password file that is not there',
    'scrape_configs: [{job_name: a, basic_auth: {username: u, password_file: nope}}]',
    /ENOENT.*\/etc\/prom\/nope/,
  ],
  [
    'DNS of type A without a port',
    'scrape_configs: [{job_name: a, dns_sd_configs: [{names: [x], type: A}]}]',
    /want a port/,
  ],
]

test.each(bad)('refused: %s', (_name, text, message) => {
  const file = read(text)
  expect(file.ok ? '' : file.error).toMatch(message)
})
