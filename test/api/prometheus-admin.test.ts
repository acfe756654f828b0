/** Set: test, 20 s. Deleting series, federation, remote read through a real Prometheus, what the server says of itself. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ProtobufWriter, snappyCompress } from '../../packages/bytes/src/index.ts'
import { remoteWrite, series } from '../support/remote-write.ts'
import { freePorts, startServer, type TestServer } from '../support/server.ts'

const NOW_MS = Math.floor(Date.now() / 1000) * 1000
const KEY = 'k'.repeat(32)
const HEADERS = { 'x-api-key': KEY }

let folder = ''
let server: TestServer
const start = () =>
  startServer({
    dataDir: join(folder, 'data'),
    env: { VANTAGE_SELF_ENABLED: 'false', VANTAGE_AUTH_ENABLED: 'true', API_KEY: KEY },
  })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vantage-admin-'))
  server = await start()
})
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

async function write(labels: Record<string, string>, samples: [number, number][]): Promise<void> {
  expect((await remoteWrite(server.url, [series(labels, samples)], HEADERS)).status).toBe(204)
}

async function values(query: string): Promise<string[]> {
  const params = new URLSearchParams({ query, time: String(NOW_MS / 1000) })
  const answer = await fetch(`${server.url}/api/v1/query?${params}`, { headers: HEADERS })
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
  return data.result.map(({ value }) => value[1])
}

test('a deletion hides what it covers, leaves the rest and what comes later, and survives a restart', async () => {
  await write({ __name__: 'gone', a: '1' }, [
    [NOW_MS - 60_000, 1],
    [NOW_MS - 1_000, 2],
  ])
  await write({ __name__: 'gone', a: '2' }, [[NOW_MS - 1_000, 3]])
  const remove = (params: Record<string, string>) =>
    fetch(`${server.url}/api/v1/admin/tsdb/delete_series?${new URLSearchParams(params)}`, {
      method: 'POST',
      headers: HEADERS,
    })
  expect((await remove({})).status).toBe(400)
  expect((await remove({ 'match[]': 'gone{a="1"}', start: String(NOW_MS / 1000 - 10) })).status).toBe(204)
  expect(await values('gone')).toEqual(['1', '3'])
  expect(await values('count_over_time(gone{a="1"}[5m])')).toEqual(['1'])
  expect((await remove({ 'match[]': 'gone{a="1"}' })).status).toBe(204)
  expect(await values('gone')).toEqual(['3'])
  await write({ __name__: 'gone', a: '1' }, [[NOW_MS - 500, 9]])
  const kept = ['9', '3']
  expect(await values('gone')).toEqual(kept)
  await server.kill()
  server = await start()
  expect(await values('gone')).toEqual(kept)
  expect(await values('count_over_time(gone{a="1"}[5m])')).toEqual(['1'])
})

const admin = (path: string, params: Record<string, string> = {}, method = 'POST', prefix = '') =>
  fetch(`${server.url}${prefix}/api/v1/admin/tsdb/${path}?${new URLSearchParams(params)}`, { method, headers: HEADERS })

test('a server starts on a snapshot and answers as the one it was taken from', async () => {
  await write({ __name__: 'kept', a: '1' }, [
    [NOW_MS - 2_000, 1],
    [NOW_MS - 1_000, 2],
  ])
  await write({ __name__: 'kept', a: '2' }, [[NOW_MS - 1_000, 3]])
  expect((await admin('delete_series', { 'match[]': 'kept{a="2"}' })).status).toBe(204)
  const whole = await nameOf(await admin('snapshot'))
  await write({ __name__: 'kept', a: '3' }, [[NOW_MS - 500, 4]])
  const sealed = await nameOf(await admin('snapshot', { skip_head: 'true' }, 'PUT', '/prometheus'))
  expect(readdirSync(join(folder, 'data', 'snapshots')).sort()).toEqual([whole, sealed].sort())
  const known = server
  try {
    for (const name of [whole, sealed]) {
      server = await startServer({
        dataDir: join(folder, 'data', 'snapshots', name),
        env: { VANTAGE_SELF_ENABLED: 'false', VANTAGE_AUTH_ENABLED: 'true', API_KEY: KEY },
      })
      expect(await values('count_over_time(kept[5m])')).toEqual(['2'])
      // What comes now is kept too: the log goes on where the snapshot ends.
      await write({ __name__: 'kept', a: '1' }, [[NOW_MS - 100, 9]])
      await server.kill()
      server = await startServer({
        dataDir: join(folder, 'data', 'snapshots', name),
        env: { VANTAGE_SELF_ENABLED: 'false', VANTAGE_AUTH_ENABLED: 'true', API_KEY: KEY },
      })
      expect(await values('kept')).toEqual(['9'])
      await server.stop()
    }
  } finally {
    server = known
  }
  expect(await values('count(kept)')).toEqual(['2'])
})

async function nameOf(answer: Response): Promise<string> {
  expect(answer.status).toBe(200)
  const { status, data } = (await answer.json()) as { status: string; data: { name: string } }
  expect(status).toBe('success')
  expect(data.name).toMatch(/^\d{8}T\d{6}Z-[0-9a-f]{16}$/)
  return data.name
}

test('what was deleted is gone from the files after clean_tombstones', async () => {
  const needle = `secret-${KEY}`
  const isOnDisk = () =>
    readdirSync(join(folder, 'data', 'metrics', 'parts')).some((name) =>
      isHeld(join(folder, 'data', 'metrics', 'parts', name), needle),
    )
  await write({ __name__: 'leaked', token: needle }, [[NOW_MS - 1_000, 1]])
  await nameOf(await admin('snapshot'))
  expect(isOnDisk()).toBe(true)
  expect((await admin('delete_series', { 'match[]': 'leaked' })).status).toBe(204)
  expect(isOnDisk()).toBe(true)
  expect((await admin('clean_tombstones')).status).toBe(204)
  expect(isOnDisk()).toBe(false)
})

/** True where the part holds the label value: sections are zstd frames, one of them the symbols. */
function isHeld(path: string, text: string): boolean {
  const bytes = readFileSync(path)
  const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
  for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) {
    try {
      if (zstdDecompressSync(bytes.subarray(at)).includes(text)) return true
    } catch (error) {
      // The magic number may stand inside a frame.
      if ((error as { code?: string }).code === undefined) throw error
    }
  }
  return false
}

test('who may not change anything, and what is not understood', async () => {
  for (const path of ['snapshot', 'clean_tombstones', 'delete_series']) {
    expect((await admin(path, {}, 'GET')).status).toBe(405)
    const answer = await fetch(`${server.url}/api/v1/admin/tsdb/${path}`, { method: 'POST' })
    expect(answer.status).toBe(401)
  }
  const answer = await admin('snapshot', { skip_head: 'perhaps' })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({ status: 'error', errorType: 'bad_data' })
})

test('federation gives the newest samples as text that promtool reads', async () => {
  await write({ __name__: 'fed_total', path: 'a"b\\c' }, [
    [NOW_MS - 2_000, 1],
    [NOW_MS - 1_000, 2.5],
  ])
  await write({ __name__: 'fed_total', path: 'old' }, [[NOW_MS - 3_600_000, 1]])
  const answer = await fetch(`${server.url}/federate?${new URLSearchParams({ 'match[]': '{__name__=~"fed_.*"}' })}`, {
    headers: HEADERS,
  })
  expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4')
  const text = await answer.text()
  expect(text).toBe(`# TYPE fed_total untyped\nfed_total{path="a\\"b\\\\c"} 2.5 ${NOW_MS - 1_000}\n`)
  const promtool = spawnSync('promtool', ['check', 'metrics'], { input: text })
  // Lint findings (no help, a time) end with 3; a text that does not parse ends with 1.
  if (promtool.error === undefined) expect([0, 3]).toContain(promtool.status)
})

const hasPrometheus = spawnSync('prometheus', ['--version']).status === 0

/** A real Prometheus with a folder of its own, ready. */
async function startPrometheus(config: string): Promise<{ url: string; stop(): Promise<void> }> {
  const directory = await mkdtemp(join(folder, 'prometheus-'))
  await writeFile(join(directory, 'prometheus.yml'), `${config}\n`)
  const [port] = (await freePorts(1)) as [number]
  const child = spawn('prometheus', [
    `--config.file=${join(directory, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.enable-remote-write-receiver',
    '--log.level=error',
  ])
  const url = `http://127.0.0.1:${port}`
  const stop = async () => {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  try {
    await until(async () => (await fetch(`${url}/-/ready`)).status === 200)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, stop }
}

test.skipIf(!hasPrometheus)(
  'a real Prometheus reads our samples by remote read (skipped without the binary)',
  async () => {
    await write({ __name__: 'far', host: 'x' }, [
      [NOW_MS - 20_000, 7],
      [NOW_MS - 10_000, 8],
    ])
    const prometheus = await startPrometheus(
      `remote_read: [{url: '${server.url}/api/v1/read', read_recent: true, authorization: {credentials: '${KEY}'}}]`,
    )
    try {
      const ask = async (query: string) => {
        const params = new URLSearchParams({ query, time: String(NOW_MS / 1000) })
        const answer = await fetch(`${prometheus.url}/api/v1/query?${params}`)
        return ((await answer.json()) as { data: { result: { values: [number, string][] }[] } }).data.result
      }
      expect(await ask('far{host=~"x|y"}[1m]')).toMatchObject([
        {
          values: [
            [NOW_MS / 1000 - 20, '7'],
            [NOW_MS / 1000 - 10, '8'],
          ],
        },
      ])
    } finally {
      await prometheus.stop()
    }
  },
)

/** The fields 2 (accepted types) and 1 (one query of one matcher) of a ReadRequest, in snappy. */
function readRequest(name: string, accepted: readonly number[]): Uint8Array<ArrayBuffer> {
  const out = new ProtobufWriter()
  const query = out.open(0x0a)
  out.signed(0x08, NOW_MS - 60_000)
  out.signed(0x10, NOW_MS)
  const matcher = out.open(0x1a)
  out.text(0x12, '__name__')
  out.text(0x1a, name)
  out.close(matcher)
  out.close(query)
  out.bytes(0x12, Uint8Array.from(accepted))
  return new Uint8Array(snappyCompress(out.finish()))
}

async function readRemotely(url: string, body: Uint8Array<ArrayBuffer>): Promise<{ type: string; bytes: Buffer }> {
  const headers = { ...HEADERS, 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' }
  const answer = await fetch(`${url}/api/v1/read`, { method: 'POST', headers, body })
  expect(answer.status).toBe(200)
  return { type: answer.headers.get('content-type') ?? '', bytes: Buffer.from(await answer.arrayBuffer()) }
}

test.skipIf(!hasPrometheus)(
  'a streamed remote read answers what a real Prometheus does (skipped without the binary)',
  async () => {
    const samples = Array.from({ length: 50 }, (_, i): [number, number] => [NOW_MS - 55_000 + i * 1000, i * 1.5])
    const all = [
      series({ __name__: 'streamed', host: 'x' }, samples),
      series({ __name__: 'streamed' }, [samples[7] ?? [0, 0]]),
    ]
    const prometheus = await startPrometheus('{}')
    try {
      for (const url of [server.url, prometheus.url]) expect((await remoteWrite(url, all, HEADERS)).status).toBe(204)
      for (const accepted of [[1], [1, 0], [0, 1], []]) {
        const body = readRequest('streamed', accepted)
        const ours = await readRemotely(server.url, body)
        const theirs = await readRemotely(prometheus.url, body)
        expect(ours.type).toBe(theirs.type)
        // Snappy has many forms of one text; frames have one.
        if (ours.type.startsWith('application/x-streamed')) expect(ours.bytes.equals(theirs.bytes)).toBe(true)
      }
    } finally {
      await prometheus.stop()
    }
  },
)

test('flags name the configuration and keep the keys of callers to themselves', async () => {
  const answer = await fetch(`${server.url}/api/v1/status/flags`, { headers: HEADERS })
  const text = await answer.text()
  expect(text).not.toContain(KEY)
  expect(JSON.parse(text).data).toMatchObject({ 'auth.keys': '1 keys', 'query.maxPoints': '11000' })
  for (const path of ['rules', 'alerts', 'status/config', 'status/walreplay']) {
    const one = await fetch(`${server.url}/api/v1/${path}`, { headers: HEADERS })
    expect(await one.json()).toMatchObject({ status: 'success' })
  }
})

async function until(isReached: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 15_000
  for (;;) {
    // Nobody listens yet: a refused connection is a no.
    if (await isReached().catch(() => false)) return
    if (performance.now() > deadlineMs) throw new Error('not reached in time')
    await new Promise((wake) => setTimeout(wake, 50))
  }
}
