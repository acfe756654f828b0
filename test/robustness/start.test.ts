/** Set: test, 40 s. How a start is refused, and what is answered until the log is replayed. */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node modules lacks node:sqlite
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { crc32c } from '../../packages/bytes/src/index.ts'
import { remoteWrite, series } from '../support/remote-write.ts'
import { freePorts, runToEnd, startServer } from '../support/server.ts'

let parent = ''
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'vantage-start-'))
})
afterAll(async () => {
  await rm(parent, { recursive: true, force: true })
})

const QUIET = {
  VANTAGE_OTLP_GRPC_PORT: '0',
  VANTAGE_OTLP_HTTP_PORT: '0',
  VANTAGE_STREAM_PORT: '0',
  VANTAGE_SELF_ENABLED: 'false',
}

describe('exit code 2 names what is wrong with the configuration', () => {
  test.each<[string, string[], Record<string, string>, RegExp]>([
    ['an unknown key', ['--config', 'unknown.yaml'], {}, /unknown key query\.maxSample\b/],
    ['a bad value of a file', ['--config', 'bad.yaml'], {}, /query\.timeout: want a duration.*"soon"/],
    ['a file that is not there', ['--config', 'none.yaml'], {}, /configuration file .*none\.yaml/],
    ['a bad value of the environment', [], { VANTAGE_PORT: '70000' }, /port \(from VANTAGE_PORT\)/],
    ['an unknown argument', ['--listne', 'x'], {}, /usage: vantage/],
    ['an open bind without authentication', [], { VANTAGE_HOST: '0.0.0.0' }, /only loopback/],
    ['authentication without a key', [], { VANTAGE_AUTH_ENABLED: 'true' }, /no key is given/],
    ['a key that can be guessed', [], { VANTAGE_AUTH_ENABLED: 'true', API_KEY: 'secret' }, /at least 32 characters/],
  ])('%s', async (_name, args, env, message) => {
    await writeFile(join(parent, 'unknown.yaml'), 'query:\n  maxSample: 1\n')
    await writeFile(join(parent, 'bad.yaml'), 'query:\n  timeout: soon\n')
    const at = args.map((one) => (one.endsWith('.yaml') ? join(parent, one) : one))
    const { code, output } = await runToEnd(at, { VANTAGE_DATA: join(parent, 'unused'), ...env })
    expect(output).toMatch(message)
    expect(output).not.toMatch(/secret|\n\s+at /)
    expect(code).toBe(2)
  })

  test.each(['VANTAGE_PORT', 'VANTAGE_OTLP_GRPC_PORT', 'VANTAGE_OTLP_HTTP_PORT', 'VANTAGE_STREAM_PORT'])(
    'a taken %s',
    async (name) => {
      const holder = createServer()
      const [taken, free] = (await freePorts(2)) as [number, number]
      await new Promise<void>((resolve) => holder.listen(taken, '127.0.0.1', resolve))
      const env = { ...QUIET, VANTAGE_PORT: String(free), VANTAGE_DATA: join(parent, name), [name]: String(taken) }
      const { code, output } = await runToEnd([], env)
      expect(output).toContain(`${name}: port ${taken} of 127.0.0.1 is taken`)
      expect(code).toBe(2)
      await new Promise((resolve) => holder.close(resolve))
    },
  )
})

describe('exit code 3: the data cannot be opened', () => {
  test('another process has the folder', async () => {
    const server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
    const [port] = (await freePorts(1)) as [number]
    const { code, output } = await runToEnd([], { ...QUIET, VANTAGE_PORT: String(port), VANTAGE_DATA: server.dataDir })
    expect(output).toMatch(/another process uses the directory/)
    expect(code).toBe(3)
    expect(await server.stop()).toBe(0)
  })

  test.each<[string, (data: string) => Promise<void>, RegExp]>([
    ['the log', newerLog, /newer/],
    ['the catalogue', newerCatalogue, /newer release/],
  ])('a newer release wrote %s', async (name, age, message) => {
    const data = join(parent, name)
    const server = await startServer({ dataDir: data, env: { VANTAGE_SELF_ENABLED: 'false' } })
    await remoteWrite(server.url, [series({ __name__: 'up' }, [[Date.now(), 1]])])
    await server.stop()
    await age(data)
    const [port] = (await freePorts(1)) as [number]
    const { code, output } = await runToEnd([], { ...QUIET, VANTAGE_PORT: String(port), VANTAGE_DATA: data })
    expect(output).toMatch(message)
    expect(code).toBe(3)
  })
})

/** Raises the version in both copies of each segment's header. */
async function newerLog(data: string): Promise<void> {
  const directory = join(data, 'log', 'metrics-raw')
  for (const name of (await readdir(directory)).filter((one) => one.endsWith('.log'))) {
    const bytes = await readFile(join(directory, name))
    for (const at of [0, 512]) {
      bytes[at + 8] = 9
      bytes.writeUInt32LE(crc32c(bytes.subarray(at, at + 92)), at + 92)
    }
    await writeFile(join(directory, name), bytes)
  }
}

async function newerCatalogue(data: string): Promise<void> {
  const [name] = (await readdir(join(data, 'metrics'))).filter((one) => one.endsWith('.sqlite'))
  const database = new DatabaseSync(join(data, 'metrics', name as string))
  database.exec('PRAGMA user_version = 99')
  database.close()
}

test('until the log is replayed every door says so, and when to come again', { timeout: 120_000 }, async () => {
  const data = join(parent, 'long')
  const env = { VANTAGE_SELF_ENABLED: 'false', VANTAGE_SEAL_AFTER: '1h' }
  const first = await startServer({ dataDir: data, env })
  const nowMs = Date.now() - 3_600_000
  const all = Array.from({ length: 5_000 }, (_, i) => i)
  for (let round = 0; round < 60; round++) {
    const rows = all.map((i) => series({ __name__: 'long', i: String(i) }, [[nowMs + round * 1_000, i * round]]))
    expect((await remoteWrite(first.url, rows)).status).toBe(204)
  }
  await first.kill()
  const whole = join(parent, 'whole')
  await cp(data, whole, { recursive: true })
  const server = await startServer({ dataDir: whole, env, isStarting: true })
  const refusals: string[] = []
  for (;;) {
    const ready = await fetch(`${server.url}/-/ready`)
    const { reasons } = (await ready.json()) as { reasons: string[] }
    if (ready.status === 200) break
    expect(reasons).toEqual(['starting'])
    for (const [method, url] of [
      ['POST', `${server.url}/api/v1/write`],
      ['POST', `${server.otlpHttpUrl}/v1/metrics`],
      ['GET', `${server.url}/api/v1/query?query=1`],
    ] as const) {
      const answer = await fetch(url, { method })
      await answer.arrayBuffer()
      if (answer.status !== 503) continue
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
      refusals.push(url)
    }
    expect((await fetch(`${server.url}/-/healthy`)).status).toBe(200)
  }
  expect(refusals.length).toBeGreaterThan(0)
  const query = new URLSearchParams({ query: 'count(last_over_time(long[2h]))' })
  const { data: answer } = (await (await fetch(`${server.url}/api/v1/query?${query}`)).json()) as {
    data: { result: { value: [number, string] }[] }
  }
  expect(answer.result[0]?.value[1]).toBe('5000')
  expect(await server.stop()).toBe(0)
})

test('what was taken stays taken, whatever the limits say after the restart', { timeout: 60_000 }, async () => {
  const data = join(parent, 'limits')
  const env = { VANTAGE_SELF_ENABLED: 'false', VANTAGE_SEAL_AFTER: '1h' }
  const nowMs = Date.now() - 60_000
  const first = await startServer({ dataDir: data, env })
  const labels = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`label_${i}`, 'x'.repeat(500)]))
  const rows = [
    series({ __name__: 'kept', ...labels }, [[nowMs, 1]]),
    series({ __name__: 'refused', long: 'x'.repeat(3_000) }, [[nowMs, 2]]),
    series({ __name__: 'kept', i: 'plain' }, [[nowMs, 3]]),
  ]
  expect((await remoteWrite(first.url, rows)).status).toBe(400)
  // The resource gives a row of its own (target_info), which no limit may make come or go.
  const attributes = Object.entries(labels).map(([key, stringValue]) => ({ key, value: { stringValue } }))
  const gauge = (name: string, asDouble: number) => ({
    name,
    gauge: { dataPoints: [{ timeUnixNano: `${nowMs}000000`, asDouble }] },
  })
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 's' } }, ...attributes] }
  const resourceMetrics = [
    { resource, scopeMetrics: [{ metrics: [gauge('kept', 4)] }] },
    { scopeMetrics: [{ metrics: [gauge('kept', 5), gauge('x'.repeat(3_000), 6)] }] },
  ]
  const sent = await fetch(`${first.otlpHttpUrl}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceMetrics }),
  })
  expect(sent.status).toBe(200)
  // An item without a time has the time of its receipt, after a restart too.
  const metrics = [{ service_name: 's', metric_name: 'kept', value: 7 }]
  const batch = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ metrics }) }
  expect((await fetch(`${first.url}/v1/metrics`, batch)).status).toBe(200)
  const found = async (url: string) => {
    const query = new URLSearchParams({ query: '{__name__=~".+"}[10m]', time: String(nowMs / 1000 + 300) })
    const { data: answer } = (await (await fetch(`${url}/api/v1/query?${query}`)).json()) as {
      data: { result: { metric: { __name__: string }; values: [number, string][] }[] }
    }
    return answer.result.map(({ metric, values }) => [metric.__name__, ...values.flat()]).sort()
  }
  const before = await found(first.url)
  expect(before.map(([name, , value]) => `${name} ${value}`).sort()).toEqual([
    ...['kept 1', 'kept 3', 'kept 4', 'kept 5', 'kept 7', 'target_info 1'],
  ])
  await first.kill()
  for (const config of [
    'limits: {maxLabels: 2, maxLabelValueBytes: 4, maxFuture: 1s, maxPast: 1ms}\nhttp: {maxDecompressedBytes: 1}\n',
    'limits: {maxLabels: 100, maxLabelValueBytes: 9999, maxLabelNameBytes: 9999}\n',
  ]) {
    const next = await startServer({ dataDir: data, env, config })
    expect(await found(next.url)).toEqual(before)
    await next.kill()
  }
})
