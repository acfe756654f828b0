import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { seededRandom, testSeed } from '@vantage/model/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { RECEIVE_LIMITS, type ReceiveLimits } from '../limits.ts'
import { FLAGS, FRAMES, frame, headerFrames, PREFACE, settingsFrame, wordFrame } from './frames.ts'
import { encodeField, STATUS_200 } from './hpack.ts'
import { Http2Server } from './server.ts'
import type { Http2Stream } from './stream.ts'

const HOST = '127.0.0.1'
/** `:method: POST`, `:scheme: http`, `:path: /`. */
const REQUEST = Buffer.of(0x83, 0x86, 0x84)
const WAIT_MS = 10_000

let servers: Http2Server[] = []
let sockets: Socket[] = []
let sessions: ClientHttp2Session[] = []
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  for (const session of sessions) session.destroy()
  await Promise.all(servers.map((server) => server.close(100)))
  servers = []
  sockets = []
  sessions = []
})

interface Opened {
  readonly port: number
  readonly server: Http2Server
  readonly gone: number[]
  readonly streams: Http2Stream[]
  /** Of streams that are opened from now on. */
  isPaused: boolean
  /** Moves the clock. */
  nowMs: number
}

/** Answers every request with its own body; `behaviour` may do otherwise. */
async function open(
  limits: Partial<ReceiveLimits> = {},
  behaviour?: (stream: Http2Stream, body: Buffer) => void,
): Promise<Opened> {
  const gone: number[] = []
  const opened = { nowMs: 0, gone, streams: [] as Http2Stream[], isPaused: false }
  const server = new Http2Server({
    limits: { ...RECEIVE_LIMITS, ...limits },
    monotonicMs: () => opened.nowMs,
    random: () => 0.5,
    count: () => {},
    open: (stream) => {
      const parts: Buffer[] = []
      opened.streams.push(stream)
      if (opened.isPaused) stream.pause()
      return {
        readingSinceMs: opened.nowMs,
        data: (bytes, from, to) => void parts.push(Buffer.from(bytes.subarray(from, to))),
        end: () => {
          const body = Buffer.concat(parts)
          if (behaviour !== undefined) {
            behaviour(stream, body)
            return
          }
          stream.headers(STATUS_200)
          stream.data(body)
          stream.trailers(encodeField('x-bytes', String(body.length)))
        },
        gone: () => void gone.push(stream.id),
      }
    },
  })
  servers.push(server)
  const port = await server.listen(HOST, 0)
  return Object.assign(opened, { port, server })
}

function session({ port }: Opened): ClientHttp2Session {
  const one = connectHttp2(`http://${HOST}:${port}`)
  one.on('error', () => {})
  sessions.push(one)
  return one
}

async function echo(one: ClientHttp2Session, body: Buffer): Promise<{ body: Buffer; bytes: string }> {
  const call = one.request({ ':method': 'POST', ':path': '/' })
  const parts: Buffer[] = []
  let bytes = ''
  call.on('data', (part: Buffer) => parts.push(part))
  call.on('trailers', (trailers) => {
    bytes = String(trailers['x-bytes'])
  })
  call.end(body)
  await once(call, 'close')
  return { body: Buffer.concat(parts), bytes }
}

/** A client that writes what it likes. */
async function raw({ port }: Opened, ...frames: Buffer[]): Promise<{ socket: Socket; received: () => Buffer }> {
  const socket = connect(port, HOST)
  sockets.push(socket)
  socket.on('error', () => {})
  const parts: Buffer[] = []
  socket.on('data', (part: Buffer) => parts.push(part))
  await once(socket, 'connect')
  socket.write(Buffer.concat(frames))
  return { socket, received: () => Buffer.concat(parts) }
}

const GREETING = [PREFACE, settingsFrame([])]

/** Error codes of the GOAWAY frames in what was received. */
function goAways(received: Buffer): number[] {
  const codes: number[] = []
  for (let at = 0; at + 9 <= received.length; at += 9 + received.readUIntBE(at, 3)) {
    if (received[at + 3] === FRAMES.goAway) codes.push(received.readUInt32BE(at + 13))
  }
  return codes
}

async function endedWith(opened: Opened, ...frames: Buffer[]): Promise<number[]> {
  const { socket, received } = await raw(opened, ...GREETING, ...frames)
  await once(socket, 'close')
  return goAways(received())
}

describe('Http2Connection', () => {
  test("Node's client: bodies of many sizes, many at once, in both directions", async () => {
    const one = session(await open())
    const random = seededRandom(testSeed())
    const sizes = [
      0,
      1,
      16_383,
      16_384,
      16_385,
      65_535,
      65_536,
      1_000_000,
      ...Array.from({ length: 60 }, () => random() * 9e4),
    ]
    await Promise.all(
      sizes.map(async (size) => {
        const body = Buffer.alloc(size, `${size} `)
        const answer = await echo(one, body)
        expect(answer.bytes).toBe(String(body.length))
        expect(answer.body.equals(body)).toBe(true)
      }),
    )
  })

  test('every cut of the bytes into pieces gives the same', async () => {
    const opened = await open()
    const block = Buffer.concat([REQUEST, encodeField('a', 'b'.repeat(50))])
    const bytes = Buffer.concat([
      ...GREETING,
      frame(FRAMES.headers, 0, 1, block.subarray(0, 10)),
      frame(FRAMES.continuation, FLAGS.endHeaders, 1, block.subarray(10)),
      frame(FRAMES.data, FLAGS.padded, 1, Buffer.from('\x03body\0\0\0')),
      frame(FRAMES.data, FLAGS.endStream, 1, Buffer.from('-end')),
    ])
    for (const step of [1, 2, 7, 33, bytes.length]) {
      const { socket, received } = await raw(opened)
      for (let at = 0; at < bytes.length; at += step) {
        socket.write(bytes.subarray(at, at + step))
        await new Promise((resolve) => setImmediate(resolve))
      }
      await expect.poll(() => received().includes('body-end')).toBe(true)
    }
  })

  test('what is no HTTP/2 is told so, or closed', async () => {
    const opened = await open()
    const browser = await raw(opened, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'))
    await once(browser.socket, 'close')
    expect(browser.received().toString()).toMatch(/^HTTP\/1.1 400 Bad Request\r\n[\s\S]*speaks gRPC over HTTP\/2\n$/)
    const noise = await raw(opened, Buffer.from('\x16\x03\x01'))
    await once(noise.socket, 'close')
    expect(noise.received().length).toBe(0)
  })

  test.each<[string, Buffer[], number]>([
    ['a frame that is too long', [frame(FRAMES.data, 0, 1, Buffer.alloc(16_385))], 6],
    ['DATA of no stream', [frame(FRAMES.data, 0, 1, Buffer.alloc(1))], 1],
    ['a broken header block', [frame(FRAMES.headers, FLAGS.endHeaders, 1, Buffer.of(0x80))], 9],
    [
      'a block that something interrupts',
      [frame(FRAMES.headers, 0, 1, REQUEST), frame(FRAMES.ping, 0, 0, Buffer.alloc(8))],
      1,
    ],
    ['a header list that never ends', [frame(FRAMES.headers, 0, 1, REQUEST), ...continuations(20)], 11],
    ['a header list that unfolds', [frame(FRAMES.headers, FLAGS.endHeaders, 1, unfolding())], 11],
  ])('%s ends the connection', async (_, frames, code) => {
    expect(await endedWith(await open(), ...frames)).toEqual([code])
  })

  test('a paused stream gets no more than its window, then it is let on', async () => {
    const opened = await open()
    opened.isPaused = true
    const mebibyte = Array.from({ length: 64 }, () => frame(FRAMES.data, 0, 1, Buffer.alloc(16_384)))
    const { socket, received } = await raw(opened, ...GREETING, ...headerFrames(1, REQUEST, false), ...mebibyte)
    const granted = wordFrame(FRAMES.windowUpdate, 1, 1024 * 1024)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(received().includes(granted)).toBe(false)
    opened.streams[0]?.resume()
    await expect.poll(() => received().includes(granted)).toBe(true)
    opened.streams[0]?.pause()
    socket.write(Buffer.concat([...mebibyte, frame(FRAMES.data, 0, 1, Buffer.alloc(1))]))
    await expect.poll(() => opened.gone).toEqual([1])
    expect(received().includes(wordFrame(FRAMES.resetStream, 1, 3))).toBe(true)
  })

  test('streams that are opened and reset without end', async () => {
    const opened = await open()
    const frames: Buffer[] = []
    for (let id = 1; id < 2_400; id += 2) {
      frames.push(...headerFrames(id, REQUEST, false), wordFrame(FRAMES.resetStream, id, 8))
    }
    expect(await endedWith(opened, ...frames)).toEqual([11])
    expect(opened.gone.length).toBeGreaterThanOrEqual(1_000)
  })

  test('a client that pings and never reads is not read either', async () => {
    const opened = await open()
    const { socket } = await raw(opened, ...GREETING)
    socket.pause()
    const pings = Buffer.concat(Array.from({ length: 60_000 }, () => frame(FRAMES.ping, 0, 0, Buffer.alloc(8))))
    const before = process.memoryUsage().arrayBuffers
    let written = 0
    for (; written < 200 && socket.write(pings); written++) await new Promise((resolve) => setImmediate(resolve))
    expect(written).toBeLessThan(200)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 1024 ** 2)
  })

  test('an answer that nobody reads is cut off at a bound', async () => {
    const opened = await open({}, (stream) => {
      stream.headers(STATUS_200)
      for (let i = 0; i < 40; i++) stream.data(Buffer.alloc(64 * 1024))
    })
    const small = settingsFrame([[4, 0]])
    const { received } = await raw(opened, PREFACE, small, ...headerFrames(1, REQUEST, true))
    await expect.poll(() => opened.gone).toEqual([1])
    expect(received().length).toBeLessThan(1_000)
  })

  test('a whole answer waits once for a client that opens its windows wide and reads nothing', async () => {
    const answer = Buffer.alloc(64 * 1024 ** 2, 7)
    const opened = await open({}, (stream) => {
      stream.headers(STATUS_200)
      stream.whole(answer)
      stream.trailers(encodeField('x-bytes', String(answer.length)))
    })
    const wide = [settingsFrame([[4, 2 ** 31 - 1]]), wordFrame(FRAMES.windowUpdate, 0, 2 ** 31 - 1 - 65_535)]
    const before = process.memoryUsage().arrayBuffers
    const { socket, received } = await raw(opened, PREFACE, ...wide)
    socket.pause()
    socket.write(Buffer.concat(headerFrames(1, REQUEST, true)))
    await new Promise((wake) => setTimeout(wake, 300))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * 1024 ** 2)
    // Once it reads, all of it comes.
    socket.resume()
    await expect.poll(() => received().length, { timeout: 20_000 }).toBeGreaterThan(answer.length)
  })

  test('one stream too many is refused, and may come again', async () => {
    const streams: Http2Stream[] = []
    const opened = await open({ grpcMaxConcurrentStreams: 2 }, (stream) => void streams.push(stream))
    const heads = [1, 3, 5].flatMap((id) => headerFrames(id, REQUEST, true))
    const { received } = await raw(opened, ...GREETING, ...heads)
    const refused = wordFrame(FRAMES.resetStream, 5, 7)
    await expect.poll(() => received().includes(refused)).toBe(true)
    expect(streams.map(({ id }) => id)).toEqual([1, 3])
  })
})

function continuations(count: number): Buffer[] {
  return Array.from({ length: count }, () => frame(FRAMES.continuation, 0, 1, encodeField('a', 'x'.repeat(1_000))))
}

/** A field that is kept, then named again and again: few bytes on the wire, many in the list. */
function unfolding(): Buffer {
  const kept = encodeField('a', 'x'.repeat(1_000))
  kept[0] = 0x40
  return Buffer.concat([REQUEST, kept, Buffer.alloc(100, 0xbe)])
}

describe('Http2Server', () => {
  test('a beginning that does not come, silence and age end a connection', async () => {
    const opened = await open({ grpcKeepaliveMs: 60_000, grpcKeepaliveTimeoutMs: 20_000 })
    const late = await raw(opened, PREFACE.subarray(0, 5))
    opened.nowMs = RECEIVE_LIMITS.headersTimeoutMs
    await once(late.socket, 'close')

    const silent = await raw(opened, ...GREETING)
    await expect.poll(() => silent.received().length).toBeGreaterThan(0)
    const before = silent.received().length
    opened.nowMs += 60_000
    await expect
      .poll(() => silent.received().subarray(before).toString('hex'), { timeout: WAIT_MS })
      .toBe('0000080600000000000000000000000000')
    opened.nowMs += 20_000
    await once(silent.socket, 'close')

    const old = session(opened)
    await once(old, 'remoteSettings')
    const left = once(old, 'goaway')
    opened.nowMs += RECEIVE_LIMITS.grpcConnectionAgeMs
    expect((await left)[0]).toBe(0)
    await once(old, 'close')
  }, 30_000)

  test('one connection more than an address may have is closed unanswered', async () => {
    const opened = await open({ maxConnectionsPerAddress: 1 })
    const first = await raw(opened, ...GREETING)
    await expect.poll(() => first.received().length).toBeGreaterThan(0)
    const second = await raw(opened, ...GREETING)
    await once(second.socket, 'close')
    expect([second.received().length, first.socket.destroyed]).toEqual([0, false])
  })

  test('a body that stops coming is given up', async () => {
    const opened = await open()
    const { received } = await raw(opened, ...GREETING, ...headerFrames(1, REQUEST, false))
    await expect.poll(() => received().length).toBeGreaterThan(0)
    opened.nowMs += RECEIVE_LIMITS.requestTimeoutMs
    await expect.poll(() => opened.gone, { timeout: WAIT_MS }).toEqual([1])
    expect(received().includes(wordFrame(FRAMES.resetStream, 1, 8))).toBe(true)
  }, 20_000)

  test('closing lets running streams end and takes no new ones', async () => {
    const streams: Http2Stream[] = []
    const opened = await open({}, (stream) => void streams.push(stream))
    const one = session(opened)
    const running = echo(one, Buffer.from('x'))
    await expect.poll(() => streams.length).toBe(1)
    const closed = opened.server.close(WAIT_MS)
    const stream = streams[0] as Http2Stream
    stream.headers(STATUS_200)
    stream.trailers(encodeField('x-bytes', '1'))
    expect((await running).bytes).toBe('1')
    await closed
  })

  const h2spec = process.env['H2SPEC_BIN']
  test.skipIf(h2spec === undefined)(
    'h2spec, named by H2SPEC_BIN: all of RFC 7540 and 7541',
    async () => {
      const opened = await open({}, (stream) => {
        stream.headers(STATUS_200)
        stream.data(Buffer.from('hello world'))
        stream.trailers(encodeField('x-end', '1'))
      })
      const args = ['-h', HOST, '-p', String(opened.port), '--timeout', '1']
      const ended = await promisify(execFile)(h2spec as string, args, { maxBuffer: 1024 ** 2 })
      expect(ended.stdout).toMatch(/145 tests, 145 passed/)
    },
    120_000,
  )
})
