/** Set: test, 30 s. Scraping: a prometheus.yml as it is, targets that come, fail, go, and are registered while running. */
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'

/** A target whose answer the test sets. */
class FakeTarget {
  readonly #server: Server
  body = ''
  status = 200
  contentType = 'text/plain; version=0.0.4'
  scrapes = 0
  accept = ''
  authorization = ''
  /** Held back until it resolves. */
  gate: Promise<void> = Promise.resolve()

  constructor() {
    this.#server = createServer(async (request, response) => {
      this.scrapes++
      this.accept = request.headers.accept ?? ''
      this.authorization = request.headers.authorization ?? ''
      await this.gate
      response.writeHead(this.status, { 'content-type': this.contentType }).end(this.body)
    })
  }

  async open(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

async function ask(server: TestServer, query: string): Promise<Series[]> {
  const answer = await fetch(`${server.url}/api/v1/query?${new URLSearchParams({ query })}`)
  const body = (await answer.json()) as { data: { result: Series[] } }
  return body.data.result
}

/** Asks again until the answer is as wanted: scrapes come at their own time. */
async function until<T>(look: () => Promise<T>, isWanted: (found: T) => boolean): Promise<T> {
  const deadlineMs = performance.now() + 15_000
  for (;;) {
    const found = await look()
    if (isWanted(found)) return found
    if (performance.now() > deadlineMs) throw new Error(`not reached, last: ${JSON.stringify(found)}`)
    await new Promise((wake) => setTimeout(wake, 50))
  }
}

const valuesOf = (found: readonly Series[]) => found.map(({ value }) => value[1])

describe('a prometheus.yml', () => {
  const app = new FakeTarget()
  const later = new FakeTarget()
  let folder = ''
  let server: TestServer

  const configure = (jobs: string) =>
    writeFile(
      join(folder, 'prometheus.yml'),
      `global: {scrape_interval: 200ms, scrape_timeout: 200ms, external_labels: {region: eu}}\nrule_files: [rules.yml]\nscrape_configs:\n${jobs}`,
    )
  const appJob = () => `  - job_name: app
    basic_auth: {username: u, password: p}
    static_configs: [{targets: ['${app.address}'], labels: {env: test}}]
    relabel_configs:
      - {source_labels: [__address__], regex: '(.*):.*', target_label: host, replacement: 'h-$1'}
    metric_relabel_configs:
      - {source_labels: [__name__], regex: 'secret_.*', action: drop}
      - {regex: noise, action: labeldrop}
`

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vantage-scrape-'))
    await Promise.all([app.open(), later.open()])
    app.body = '# TYPE jobs_total counter\njobs_total{noise="x",env="own"} 5\nsecret_total 1\nqueue 2\n'
    later.body = 'late 1\n'
    await configure(appJob())
    server = await startServer({
      env: { VANTAGE_SELF_ENABLED: 'false', VANTAGE_SCRAPE_CONFIG: join(folder, 'prometheus.yml') },
    })
  })
  afterAll(async () => {
    await server.stop()
    app.close()
    later.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('stores what the target exposes under its labels, with up and its like', async () => {
    const labels = { env: 'test', host: 'h-127.0.0.1', instance: app.address, job: 'app' }
    const jobs = await until(
      () => ask(server, 'jobs_total'),
      (found) => found.length > 0,
    )
    expect(jobs[0]?.metric).toEqual({ __name__: 'jobs_total', ...labels, exported_env: 'own' })
    expect(valuesOf(jobs)).toEqual(['5'])
    expect(await ask(server, 'secret_total')).toEqual([])
    expect((await ask(server, 'up'))[0]?.metric).toEqual({ __name__: 'up', ...labels })
    expect(valuesOf(await ask(server, 'scrape_samples_scraped'))).toEqual(['3'])
    expect(valuesOf(await ask(server, 'scrape_samples_post_metric_relabeling'))).toEqual(['2'])
    expect(app.accept).toContain('application/openmetrics-text')
    expect(app.authorization).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`)
    const metadata = await (await fetch(`${server.url}/api/v1/metadata?metric=jobs_total`)).json()
    expect(metadata).toMatchObject({ data: { jobs_total: [{ type: 'counter' }] } })
  })

  test('a series that vanishes ends at once, by its staleness marker', async () => {
    app.body = 'queue 3\n'
    await until(
      () => ask(server, 'queue'),
      (found) => valuesOf(found)[0] === '3',
    )
    expect(await ask(server, 'jobs_total')).toEqual([])
  })

  test.each<[string, () => void, string]>([
    ['a bad line fails the whole scrape', () => (app.body = 'queue 4\n{{{\n'), 'line 2'],
    ['so does an answer that is not 200', () => (app.status = 503), '503'],
  ])('%s: up 0, all series end, nothing of it is stored', async (_name, breakIt, problem) => {
    breakIt()
    await until(
      () => ask(server, 'up{job="app"}'),
      (found) => valuesOf(found)[0] === '0',
    )
    expect(await ask(server, 'queue')).toEqual([])
    const targets = (await (await fetch(`${server.url}/api/v1/targets`)).json()) as {
      data: { activeTargets: { health: string; lastError: string }[] }
    }
    expect(targets.data.activeTargets[0]).toMatchObject({ health: 'down' })
    expect(targets.data.activeTargets[0]?.lastError).toContain(problem)
    app.status = 200
    app.body = 'queue 5\n'
    await until(
      () => ask(server, 'queue'),
      (found) => valuesOf(found)[0] === '5',
    )
  })

  test('OpenMetrics: times of its own are kept, exemplars too', async () => {
    const timeSeconds = Math.floor(Date.now() / 1000) - 30
    app.contentType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
    app.body = `# TYPE req counter\nreq_total{a="b"} 7 ${timeSeconds} # {trace_id="abc"} 0.5\n# EOF\n`
    const found = await until(
      () => ask(server, 'timestamp(req_total)'),
      (series) => series.length > 0,
    )
    expect(valuesOf(found)).toEqual([String(timeSeconds)])
    const params = new URLSearchParams({ query: 'req_total', start: '0', end: String(timeSeconds + 3_600) })
    const exemplars = await (await fetch(`${server.url}/api/v1/query_exemplars?${params}`)).json()
    expect(exemplars).toMatchObject({ data: [{ exemplars: [{ labels: { trace_id: 'abc' }, value: '0.5' }] }] })
  })

  test('a reload adds and removes jobs; a bad file changes nothing', async () => {
    const reload = () => fetch(`${server.url}/-/reload`, { method: 'POST' })
    await configure(`  - job_name: later\n    file_sd_configs: [{files: ['targets*.json']}]\n`)
    await writeFile(
      join(folder, 'targets1.json'),
      JSON.stringify([{ targets: [later.address], labels: { zone: 'a' } }]),
    )
    expect((await reload()).status).toBe(200)
    await until(
      () => ask(server, 'late{zone="a",job="later"}'),
      (found) => found.length === 1,
    )
    // The job that went has ended its series.
    expect(await ask(server, 'up{job="app"}')).toEqual([])
    await configure('  - {job_name: x, scrape_interval: soon}\n')
    const refused = await reload()
    expect(refused.status).toBe(422)
    expect(await refused.text()).toContain('want a duration such as 15s')
    const pools = await (await fetch(`${server.url}/api/v1/scrape_pools`)).json()
    expect(pools).toEqual({ status: 'success', data: { scrapePools: ['later'] } })
  })
})

describe('targets registered while running', () => {
  const target = new FakeTarget()
  let folder = ''
  let server: TestServer
  const start = () => startServer({ env: { VANTAGE_SELF_ENABLED: 'false' }, dataDir: join(folder, 'data') })
  const registry = () => `${server.url}/api/vantage/v1/targets`
  const register = (body: unknown) =>
    fetch(registry(), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vantage-scrape-'))
    await target.open()
    target.body = 'temperature 20\n'
    server = await start()
  })
  afterAll(async () => {
    await server.stop()
    target.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('a target is scraped, also on demand, survives a restart, and ends while a scrape is in flight', async () => {
    const url = `http://${target.address}/metrics`
    const added = await register({ url, job: 'sensors', labels: { room: 'attic' }, interval: '1h' })
    expect(added.status).toBe(201)
    const { id } = (await added.json()) as { id: string }
    const active = async () => {
      const answer = await fetch(`${server.url}/api/v1/targets?state=active`)
      return ((await answer.json()) as { data: { activeTargets: { id: string }[] } }).data.activeTargets
    }
    const [shown] = await until(active, (found) => found.length === 1)
    expect(target.scrapes).toBe(0)
    const collected = await fetch(`${registry()}/${shown?.id}/collect`, { method: 'POST' })
    expect(await collected.json()).toMatchObject({ health: 'up', samples: 1 })
    expect((await ask(server, 'temperature'))[0]?.metric).toMatchObject({ job: 'sensors', room: 'attic' })

    await server.stop()
    server = await start()
    expect(await until(active, (found) => found.length === 1)).toMatchObject([{ id: shown?.id }])

    let open = () => {}
    target.gate = new Promise((resolve) => {
      open = resolve
    })
    const scrapesBefore = target.scrapes
    const collecting = fetch(`${registry()}/${shown?.id}/collect`, { method: 'POST' })
    await until(
      async () => target.scrapes,
      (scrapes) => scrapes > scrapesBefore,
    )
    const removing = fetch(`${registry()}/${id}`, { method: 'DELETE' })
    open()
    expect((await removing).status).toBe(200)
    expect((await collecting).status).toBe(200)
    expect(await active()).toEqual([])
    // Its series end where it ended.
    expect(await ask(server, 'temperature')).toEqual([])
    expect((await fetch(`${registry()}/${id}`, { method: 'DELETE' })).status).toBe(404)
  })

  test.each<[string, unknown, string]>([
    ['no URL', {}, 'url'],
    ['another scheme', { url: 'file:///etc/passwd' }, 'url'],
    ['no duration', { url: 'http://127.0.0.1:1/', interval: 'often' }, 'want a duration'],
    ['an unknown key', { url: 'http://127.0.0.1:1/', every: '1s' }, 'every'],
  ])('refused: %s', async (_name, body, message) => {
    const answer = await register(body)
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain(message)
  })
})
