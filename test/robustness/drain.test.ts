/** Set: test, 30 s. How the server goes: announced, in order, without losing what runs. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { testSet } from '../../packages/model/src/testing/index.ts'
import { freePorts, startServer } from '../support/server.ts'

const CHECKOUT = resolve(import.meta.dirname, '../..')
const wait = (ms: number) => new Promise((wake) => setTimeout(wake, ms))

async function status(url: string): Promise<number> {
  const answer = await fetch(url)
  await answer.arrayBuffer()
  return answer.status
}

test('SIGTERM: not ready at once, what runs is finished, exit 0', async () => {
  const server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false', VANTAGE_DRAIN_DELAY: '1s' } })
  const body = JSON.stringify({ metrics: [{ service_name: 's', metric_name: 'slow', value: 1 }] })
  // A request whose body comes in two pieces: admitted before the signal, whole after it.
  const slow = request(`${server.url}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': body.length },
  })
  const answered = once(slow, 'response') as Promise<[{ statusCode: number; resume(): void }]>
  slow.write(body.slice(0, 10))
  await wait(200)
  server.signal('SIGTERM')
  await wait(100)
  expect(await status(`${server.url}/-/ready`)).toBe(503)
  expect(await status(`${server.url}/-/healthy`)).toBe(200)
  expect(await status(`${server.url}/api/v1/query?query=1`)).toBe(503)
  await wait(1_200)
  slow.end(body.slice(10))
  const [response] = await answered
  response.resume()
  expect(response.statusCode).toBe(200)
  const startedMs = performance.now()
  expect(await server.ended).toBe(0)
  expect(performance.now() - startedMs).toBeLessThan(10_000)
  await server.stop()
})

test('a second signal ends at once', async () => {
  const server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false', VANTAGE_DRAIN_DELAY: '20s' } })
  server.signal('SIGTERM')
  await wait(200)
  const startedMs = performance.now()
  server.signal('SIGTERM')
  expect(await server.ended).toBe(1)
  expect(performance.now() - startedMs).toBeLessThan(2_000)
  await server.stop()
})

test.skipIf(testSet() === 'test')(
  'a request that never comes whole does not keep the log from being closed',
  async () => {
    const server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
    const half = connect(Number(new URL(server.url).port), '127.0.0.1')
    half.on('error', () => {})
    half.write('GET /-/healthy HTTP/1.1\r\n')
    await wait(200)
    server.signal('SIGTERM')
    expect(await server.ended).toBe(0)
    await server.stop()
  },
)

test('SIGTERM while the log is still read ends well', async () => {
  const server = await startServer({ isStarting: true, env: { VANTAGE_DRAIN_DELAY: '0s' } })
  server.signal('SIGTERM')
  expect(await server.ended).toBe(0)
  await server.stop()
})

// The dashboard's build script comes with the dashboard; without it `npm start` has nothing to build.
const canBuild = existsSync(join(CHECKOUT, 'apps/dashboard/build.mjs'))

/** PATH as a new user has it: under `npm test` it leads to the workspace's own `node`, a shell script that keeps signals. */
function plainPath(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.filter((folder) => !folder.includes('node_modules')).join(delimiter)
}

test.skipIf(!canBuild)('SIGTERM to npm start drains the server', { timeout: 180_000 }, async () => {
  const data = await mkdtemp(join(tmpdir(), 'vantage-npm-'))
  const [port] = (await freePorts(1)) as [number]
  const npm = spawn('npm', ['start'], {
    cwd: CHECKOUT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PATH: plainPath(),
      VANTAGE_DATA: data,
      VANTAGE_PORT: String(port),
      VANTAGE_OTLP_GRPC_PORT: '0',
      VANTAGE_STREAM_PORT: '0',
      VANTAGE_OTLP_HTTP_PORT: '0',
      VANTAGE_DRAIN_DELAY: '0s',
    },
  })
  let output = ''
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (chunk) => (output += chunk))
  // Closed once the last process that writes there has ended: the server, however npm itself ended.
  const ended = once(npm, 'close')
  try {
    while (!output.includes('Vantage is ready')) {
      expect(npm.exitCode, output).toBeNull()
      await wait(50)
    }
    expect(await status(`http://127.0.0.1:${port}/-/ready`)).toBe(200)
    npm.kill('SIGTERM')
    await ended
    expect(output).toContain('draining')
    await expect(fetch(`http://127.0.0.1:${port}/-/healthy`)).rejects.toThrow()
  } finally {
    if (npm.exitCode === null && npm.signalCode === null && npm.pid !== undefined) process.kill(-npm.pid, 'SIGKILL')
    await rm(data, { recursive: true, force: true })
  }
})
