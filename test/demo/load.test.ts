/** Set: test, 8 s. The load generator alone, against a server that counts. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const LOAD = join(import.meta.dirname, '../../examples/shop/load.ts')
const USERS = 50
/** Users that come in a second. */
const SPAWN_RATE = 20

test('fifty users come, twenty a second, and choose their tasks by weight', async () => {
  const asked = new Map<string, number>()
  let waiting = 0
  let waitingMost = 0
  // All users wait for their first answer until they are all there.
  const crowd = Promise.withResolvers<void>()
  const server = createServer(async (request, response) => {
    const [first, second] = (request.url ?? '').split('/').slice(1)
    const task = `${request.method} /${first === 'api' ? `api/${second}` : first}`
    asked.set(task, (asked.get(task) ?? 0) + 1)
    waiting++
    waitingMost = Math.max(waitingMost, waiting)
    if (waiting === USERS) setTimeout(crowd.resolve, 500)
    await crowd.promise
    waiting--
    response.end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const options = ['--users', String(USERS), '--spawn-rate', String(SPAWN_RATE), '--run-time', '7', '--headless']
  const env = { ...process.env, HOST: `http://127.0.0.1:${port}` }
  const load = spawn(process.execPath, [LOAD, ...options], { env })
  const written: Buffer[] = []
  load.stdout.on('data', (bytes: Buffer) => written.push(bytes))
  const [code] = await once(load, 'close')
  server.closeAllConnections()
  server.close()
  const report = Buffer.concat(written).toString()
  expect(code, report).toBe(0)
  expect([...asked.keys()].sort()).toEqual([
    'GET /api/data',
    'GET /health',
    'GET /product',
    'POST /cart',
    'POST /checkout',
  ])
  const often = (task: string) => asked.get(task) ?? 0
  expect(often('GET /product')).toBeGreaterThan(often('GET /api/data'))
  expect(often('GET /api/data')).toBeGreaterThan(often('GET /health'))
  expect(waitingMost).toBe(USERS)
  expect(report).toMatch(/GET \/health +\d+ +0 /)
})
