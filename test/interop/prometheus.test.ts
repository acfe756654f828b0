/**
 * Set: test, 20 s. Prometheus itself, unmodified: it scrapes us and itself and sends everything on by remote write;
 * promtool asks us what it knows. `PROMETHEUS_BIN` and `PROMTOOL_BIN` name other builds than the installed ones; remote
 * write 2.0 needs one of version 3.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isAnswered } from '../../tools/ports.ts'
import { freePorts, startServer, type TestServer } from '../support/server.ts'

const WAIT_MS = 30_000

function programAt(variable: string, name: string): string | undefined {
  const given = process.env[variable]
  if (given !== undefined && given !== '') return given
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

function majorVersion(program: string | undefined): number {
  if (program === undefined) return 0
  const { stdout, stderr } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  return Number(/version (\d+)\./.exec(stdout + stderr)?.[1] ?? 0)
}

const PROMETHEUS = programAt('PROMETHEUS_BIN', 'prometheus')
const PROMTOOL = programAt('PROMTOOL_BIN', 'promtool')
const MAJOR = majorVersion(PROMETHEUS)

interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

async function ask(url: string, query: string, timeSeconds?: number): Promise<readonly Sample[]> {
  const params = new URLSearchParams({ query, ...(timeSeconds === undefined ? {} : { time: String(timeSeconds) }) })
  const answer = await fetch(`${url}/api/v1/query?${params}`)
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { data: { result: Sample[] } }).data.result
}

async function until(look: () => Promise<boolean>, what: string): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS
  while (!(await look())) {
    if (performance.now() > deadlineMs) throw new Error(`${what}: not reached within ${WAIT_MS} ms`)
    await new Promise((wake) => setTimeout(wake, 100))
  }
}

/** A Prometheus that scrapes itself and a Vantage, and sends all of it to that Vantage. */
class Sender {
  readonly #folder: string
  readonly #child: ChildProcess
  readonly url: string
  #output = ''

  private constructor(folder: string, port: number, args: readonly string[]) {
    this.#folder = folder
    this.url = `http://127.0.0.1:${port}`
    this.#child = spawn(PROMETHEUS as string, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-4_000)
    })
  }

  static async start(vantage: TestServer, remoteWrite: string): Promise<Sender> {
    const folder = await mkdtemp(join(tmpdir(), 'vantage-prometheus-'))
    const [port] = (await freePorts(1)) as [number]
    await writeFile(
      join(folder, 'prometheus.yml'),
      `global: {scrape_interval: 500ms, scrape_timeout: 500ms, external_labels: {sent: "yes"}}
scrape_configs:
  - {job_name: prometheus, static_configs: [{targets: ['127.0.0.1:${port}']}]}
  - {job_name: vantage, static_configs: [{targets: ['${new URL(vantage.url).host}']}]}
remote_write:
  - {url: '${vantage.url}/api/v1/write', queue_config: {batch_send_deadline: 200ms}${remoteWrite}}
`,
    )
    const sender = new Sender(folder, port, [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ])
    await until(() => isAnswered(`${sender.url}/-/ready`, false), 'Prometheus is ready')
    return sender
  }

  get output(): string {
    return this.#output
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** Both hold the same samples: instant answers over the recent past are equal, series by series. */
async function expectSameSamples(sender: Sender, server: TestServer): Promise<void> {
  const sent = async (url: string, atSeconds: number, matcher: string) =>
    (await ask(url, `{job="prometheus"${matcher}}`, atSeconds))
      .map(({ metric, value }) => {
        const { sent: _sent, ...labels } = metric
        return `${JSON.stringify(Object.entries(labels).sort())} ${value[1]}`
      })
      .sort()
  await until(async () => (await ask(server.url, 'up{sent="yes",job="prometheus"} == 1')).length === 1, 'up')
  const atSeconds = Date.now() / 1_000
  // What was scraped a second ago has been sent once something younger is there.
  await until(async () => {
    const [newest] = await ask(server.url, 'timestamp(up{sent="yes",job="prometheus"})')
    return Number(newest?.value[1] ?? 0) > atSeconds + 0.5
  }, 'later samples')
  const ours = await sent(server.url, atSeconds, ',sent="yes"')
  expect(ours.length).toBeGreaterThan(300)
  expect(ours).toEqual(await sent(sender.url, atSeconds, ''))
}

describe.skipIf(PROMETHEUS === undefined)('Prometheus (skipped where prometheus is not installed)', () => {
  let server: TestServer
  let sender: Sender

  beforeAll(async () => {
    server = await startServer()
    sender = await Sender.start(server, ', metadata_config: {send_interval: 1s}')
  })
  afterAll(async () => {
    await sender.stop()
    await server.stop()
  })

  test('scrapes us', async () => {
    await until(async () => (await ask(sender.url, 'up{job="vantage"} == 1')).length === 1, 'we are scraped')
    const look = async () =>
      (await ask(sender.url, 'vantage_acked_items_total{receiver="remote-write"} > 0')).length > 0
    await until(look, 'our own figures are scraped')
  })

  test('sends by remote write 1.0 what it scraped: samples, metadata, nothing refused', async () => {
    await expectSameSamples(sender, server)
    const name = 'prometheus_http_requests_total'
    const metadata = async () => (await fetch(`${server.url}/api/v1/metadata?metric=${name}`)).text()
    await until(async () => (await metadata()).includes('"type":"counter"'), 'metadata is sent')
    expect(await ask(sender.url, 'prometheus_remote_storage_samples_failed_total > 0')).toEqual([])
    expect(sender.output).not.toMatch(/non-recoverable/)
  })

  test.skipIf(PROMTOOL === undefined)('promtool asks us (skipped where promtool is not installed)', async () => {
    const promtool = (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(PROMTOOL as string, args, { encoding: 'utf8' })
      expect([args.join(' '), status, stderr]).toEqual([args.join(' '), 0, ''])
      return stdout
    }
    const nowSeconds = Math.floor(Date.now() / 1_000)
    expect(promtool('query', 'instant', server.url, 'count(up{sent="yes"})')).toMatch(/^\{\} => 2 @\[/)
    const range = [`--start=${nowSeconds - 2}`, `--end=${nowSeconds}`, '--step=1s']
    expect(promtool('query', 'range', ...range, server.url, 'vector(3)')).toMatch(/3 @\[\d+\]\n3 @\[\d+\]\n3 @\[/)
    expect(promtool('query', 'series', '--match=up{sent="yes"}', server.url).trim().split('\n')).toHaveLength(2)
    expect(promtool('query', 'labels', server.url, 'job')).toContain('vantage')
    const instant = promtool('query', 'instant', '-o', 'json', server.url, '1').trim()
    expect(() => JSON.parse(instant)).not.toThrow()
  })

  const hasAnalyze = PROMTOOL !== undefined && spawnSync(PROMTOOL, ['query', 'analyze', '--help']).status === 0
  test.skipIf(!hasAnalyze)('promtool analyses our histograms (skipped before promtool 2.51)', () => {
    const args = [
      'query',
      'analyze',
      `--server=${server.url}`,
      '--type=histogram',
      '--match=prometheus_http_request_duration_seconds_bucket',
      '--duration=1m',
    ]
    const { status, stdout } = spawnSync(PROMTOOL as string, args, { encoding: 'utf8' })
    expect([status, stdout]).toEqual([0, expect.stringContaining('numHistograms')])
  })

  test.skipIf(PROMTOOL === undefined)(
    'promtool finds no error in our own /metrics (skipped where it is not installed)',
    async () => {
      const input = await (await fetch(`${server.url}/metrics`)).text()
      const { status, stderr } = spawnSync(PROMTOOL as string, ['check', 'metrics'], { encoding: 'utf8', input })
      // 3 = opinions on names; 1 = not parsed.
      expect([0, 3], stderr).toContain(status)
    },
  )

  test('sends with basic_auth, where a key of ours is the password', async () => {
    const key = 'c'.repeat(64)
    const guarded = await startServer({
      env: { VANTAGE_AUTH_ENABLED: 'true', API_KEY: key, VANTAGE_SELF_ENABLED: 'false' },
    })
    const guardedSender = await Sender.start(guarded, `, basic_auth: {username: prometheus, password: ${key}}`)
    try {
      const authorization = `Basic ${Buffer.from(`grafana:${key}`).toString('base64')}`
      const path = `${guarded.url}/api/v1/query?query=${encodeURIComponent('up{sent="yes",job="prometheus"}')}`
      const found = async () => (await (await fetch(path, { headers: { authorization } })).text()).includes('"1"]')
      await until(found, 'samples of the sender')
    } finally {
      await guardedSender.stop()
      await guarded.stop()
    }
  })
})

describe.skipIf(MAJOR < 3)('Prometheus 3 (skipped unless PROMETHEUS_BIN names one of version 3)', () => {
  test('sends by remote write 2.0', async () => {
    const server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
    const sender = await Sender.start(server, ', protobuf_message: io.prometheus.write.v2.Request')
    try {
      await expectSameSamples(sender, server)
      expect(await ask(sender.url, 'prometheus_remote_storage_samples_failed_total > 0')).toEqual([])
    } finally {
      await sender.stop()
      await server.stop()
    }
  })
})
