import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'

/** The first question starts a thread, which takes its time on a busy machine. */
const PATIENCE = { timeout: 10_000 }

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  await server.stop()
})

async function push(labels: Record<string, string>, ...lines: string[]): Promise<void> {
  const values = lines.map((line) => [`${Date.now()}000000`, line])
  const answer = await fetch(`${server.url}/loki/api/v1/push`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ streams: [{ stream: labels, values }] }),
  })
  expect(answer.status).toBe(204)
}

interface Follower {
  readonly lines: string[]
  readonly socket: WebSocket
  readonly closed: Promise<{ code: number; reason: string }>
}

async function follow(query: string): Promise<Follower> {
  const url = `${server.url.replace('http', 'ws')}/loki/api/v1/tail?${new URLSearchParams({ query })}`
  const socket = new WebSocket(url)
  const lines: string[] = []
  socket.addEventListener('message', ({ data }) => {
    const { streams } = JSON.parse(String(data)) as { streams: { values: [string, string][] }[] }
    lines.push(...streams.flatMap((stream) => stream.values.map(([, line]) => line)))
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }))
  })
  await new Promise((resolve) => socket.addEventListener('open', resolve))
  return { lines, socket, closed }
}

test('a follower gets what was there, then each line that its query wants, soon after its acknowledgement', async () => {
  await push({ app: 'shop' }, 'before', 'nothing')
  const { lines, socket } = await follow('{app="shop"} != "nothing"')
  await expect.poll(() => lines, PATIENCE).toEqual(['before'])
  await push({ app: 'shop' }, 'first', 'nothing', 'second')
  await push({ app: 'other' }, 'not mine')
  await expect.poll(() => lines, PATIENCE).toEqual(['before', 'first', 'second'])
  socket.close()
})

test.each([
  ['{app=', /parse|want|unexpected/],
  ['rate({app="shop"}[1m])', /log query/],
])('%s cannot be followed and says why', async (query, reason) => {
  const { closed } = await follow(query)
  expect(await closed).toMatchObject({ code: 1008, reason: expect.stringMatching(reason) })
})

test('ten followers at most', async () => {
  const followers = await Promise.all(Array.from({ length: 11 }, () => follow('{app="shop"}')))
  const refused = await Promise.race(followers.map((one) => one.closed))
  expect(refused).toMatchObject({ code: 1008, reason: expect.stringMatching(/at most 10/) })
  for (const { socket } of followers) socket.close()
})

test('no line comes twice and none is left out where history and now meet', async () => {
  let next = 0
  let isOver = false
  const writing = (async () => {
    while (!isOver) await push({ app: 'seam' }, ...Array.from({ length: 5 }, () => String(next++)))
  })()
  await expect.poll(() => next, PATIENCE).toBeGreaterThan(150)
  const followers: Follower[] = []
  for (let i = 0; i < 8; i++) {
    followers.push(await follow('{app="seam"}'))
    await new Promise((wake) => setTimeout(wake, 60))
  }
  isOver = true
  await writing
  for (const { lines, socket } of followers) {
    await expect.poll(() => lines.map(Number).includes(next - 1), PATIENCE).toBe(true)
    const numbers = lines.map(Number).sort((a, b) => a - b)
    // A hundred from before, then all that came.
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => next - numbers.length + i))
    expect(numbers.length).toBeGreaterThanOrEqual(100)
    socket.close()
  }
})
