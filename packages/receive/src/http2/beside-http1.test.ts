import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { serveBesideHttp1 } from './beside-http1.ts'
import { PREFACE } from './frames.ts'

const WAIT_MS = 300

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function open(): Promise<{ port: number; taken: Buffer[] }> {
  const taken: Buffer[] = []
  server = createServer((incoming, answer) => {
    incoming.on('data', () => {})
    incoming.on('end', () => answer.end(`${incoming.method} ${incoming.url}`))
  })
  serveBesideHttp1(server, WAIT_MS, (socket: Socket) => {
    const at = taken.push(Buffer.alloc(0)) - 1
    socket.on('data', (bytes) => {
      taken[at] = Buffer.concat([taken[at] as Buffer, bytes])
      if ((taken[at] as Buffer).length === PREFACE.length) socket.end('bye')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as { port: number }).port, taken }
}

/** Sends pieces one after the other and reads until the end. */
async function exchange(port: number, pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let answer = ''
  socket.on('data', (bytes) => {
    answer += bytes.toString('latin1')
  })
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  for (const piece of pieces) {
    if (!socket.destroyed) socket.write(piece)
    await new Promise((wake) => setTimeout(wake, 20))
  }
  await closed
  return answer
}

test('what begins as HTTP/2 is given away, with its first bytes; in whatever pieces it comes', async () => {
  const { port, taken } = await open()
  expect(await exchange(port, [PREFACE])).toBe('bye')
  expect(
    await exchange(
      port,
      Array.from(PREFACE, (byte) => Buffer.of(byte)),
    ),
  ).toBe('bye')
  expect(taken).toEqual([PREFACE, PREFACE])
})

test('HTTP/1 is served as ever: in pieces, with bodies, twice on one connection', async () => {
  const { port, taken } = await open()
  const post = 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc'
  const last = 'PUT /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  expect(await exchange(port, ['P', post.slice(1, 20), post.slice(20), last])).toMatch(/POST \/a[\s\S]*PUT \/b/)
  const [answer] = (await new Promise<[string]>((settle, fail) => {
    const sent = request({ port, host: '127.0.0.1', method: 'POST', path: '/large' }, (response) => {
      response.setEncoding('utf8').on('data', (text: string) => settle([text]))
    })
    sent.on('error', fail)
    sent.end(Buffer.alloc(3_000_000))
  })) as [string]
  expect(answer).toBe('POST /large')
  expect(taken).toEqual([])
})

test('a connection that says nothing, or begins and stops, ends', async () => {
  const { port } = await open()
  expect(await Promise.all([exchange(port, []), exchange(port, ['PR'])])).toEqual(['', ''])
})
