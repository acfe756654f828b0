import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, err, fault, ok, PAYLOAD_FORMATS } from '@vantage/model'
import { afterEach, describe, expect, test } from 'vitest'
import { openInfluxUdp, WAITING_BYTES_MAX } from './influx-udp.ts'
import { openJaegerUdp } from './jaeger-udp.ts'
import { openStatsd, openStatsdSocket } from './statsd.ts'
import { STATSD_LINE_BYTES_MAX } from './statsd-stream.ts'
import { figure, ONE_SAMPLE, type TestReception, testReception } from './testing/reception.ts'
import { QuietCounts } from './udp.ts'

const WAIT_MS = 10_000
const SOURCE_BURST = 20

let closers: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(closers.map((close) => close()))
  closers = []
})

async function until(isDone: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS
  while (!isDone()) {
    if (performance.now() > deadlineMs) throw new Error(`it did not come about in ${WAIT_MS} ms: ${isDone}`)
    await new Promise((resume) => setTimeout(resume, 5))
  }
}

async function sendUdp(port: number, ...datagrams: (string | Uint8Array)[]): Promise<void> {
  const socket = createSocket('udp4')
  for (const datagram of datagrams) {
    await new Promise<void>((resolve) => socket.send(datagram, port, '127.0.0.1', () => resolve()))
  }
  socket.close()
}

/** The same on a unix socket, one write after the other. */
function sendPieces(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(path, async () => {
      for (const piece of pieces) await new Promise<void>((done) => socket.write(piece, () => done()))
      socket.end()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    socket.resume()
  })
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vantage-socket-'))
  closers.push(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A socket as a killed process leaves it: its name is no longer the one that its server removes. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer().listen(`${path}.old`)
  await once(server, 'listening')
  renameSync(`${path}.old`, path)
  server.close()
  await once(server, 'close')
}

/** Writes in pieces and ends; resolves when the connection is gone. */
function sendTcp(port: number, ...pieces: string[]): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', async () => {
      for (const piece of pieces) {
        socket.write(piece)
        await new Promise((resume) => setTimeout(resume, 5))
      }
      socket.end()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    socket.resume()
  })
}

function dropped(test: TestReception, receiver: string, reason: string): number {
  return figure(test.reception.registry, 'vantage_quiet_dropped_total', { receiver, reason })
}

describe('StatsD', () => {
  async function open(clock?: Clock) {
    const door = testReception(clock === undefined ? {} : { clock })
    const lines: string[] = []
    const counts = new QuietCounts(door.reception.registry)
    const { reception } = door
    const opened = await openStatsd({
      host: '127.0.0.1',
      port: 0,
      reception,
      counts,
      sourceRate: { perSecond: 20, burst: SOURCE_BURST },
      onLine: (line) => lines.push(line),
    })
    closers.push(opened.close)
    return Object.assign(door, { counts, lines: lines as string[], port: opened.port, received: lines })
  }

  test('lines of datagrams; what is no text is counted alone', async () => {
    const door = await open()
    await sendUdp(door.port, 'a:1|c\nb:2|g\r\n\n', Buffer.from('c:1|c\nd\xff:1|c\ne:1|c', 'latin1'))
    await until(() => door.received.length === 4)
    expect(door.received).toEqual(['a:1|c', 'b:2|g', 'c:1|c', 'e:1|c'])
    expect(dropped(door, 'statsd', 'invalid_utf8')).toBe(1)
    expect(figure(door.reception.registry, 'vantage_datagrams_total', { receiver: 'statsd' })).toBe(2)
  })

  test('lines of a stream, wherever it is cut', async () => {
    const door = await open()
    await sendTcp(door.port, 'a:1|', 'c\nb:2', '|g\nc:', '3|c')
    await until(() => door.received.length === 3)
    expect(door.received).toEqual(['a:1|c', 'b:2|g', 'c:3|c'])
  })

  test('a line of a stream at its limit is taken, a longer one ends the connection', async () => {
    const door = await open()
    await sendTcp(door.port, `${'x'.repeat(STATSD_LINE_BYTES_MAX)}\n`)
    await until(() => door.received.length === 1)
    expect(door.received.map((line) => line.length)).toEqual([STATSD_LINE_BYTES_MAX])
    await sendTcp(door.port, 'x'.repeat(STATSD_LINE_BYTES_MAX + 1))
    expect(dropped(door, 'statsd', 'line_too_long')).toBe(1)
    expect(door.received).toHaveLength(1)
  })

  test('a unix socket takes lines and framed packets, in any pieces', async () => {
    const door = await open()
    const path = join(await temporaryFolder(), 'statsd.sock')
    const { reception, counts } = door
    const socket = await openStatsdSocket({ path, reception, counts, onLine: (line) => door.received.push(line) })
    closers.push(() => socket.close())
    const frame = (text: string) => {
      const bytes = Buffer.alloc(4 + Buffer.byteLength(text))
      bytes.writeUInt32LE(bytes.length - 4)
      bytes.write(text, 4)
      return bytes
    }
    const framed = Buffer.concat([frame('a:1|c\nb:2|c'), frame('c:3|c\n'), frame('d:4')])
    for (const size of [framed.length, 7, 1]) {
      for (const bytes of [framed.subarray(0, -1), Buffer.from('e:5|c\nf:6|c')]) {
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.subarray(i * size, (i + 1) * size),
        )
        await sendPieces(path, pieces)
      }
    }
    await until(() => door.received.length === 15)
    const wanted = ['a:1|c', 'b:2|c', 'c:3|c', 'e:5|c', 'f:6|c']
    expect(door.received).toEqual([...wanted, ...wanted, ...wanted])
  })

  test('a frame at its limit is taken, a longer one ends the connection', async () => {
    const door = await open()
    const path = join(await temporaryFolder(), 'statsd.sock')
    const { reception, counts } = door
    const socket = await openStatsdSocket({ path, reception, counts, onLine: (line) => door.received.push(line) })
    closers.push(() => socket.close())
    for (const length of [STATSD_LINE_BYTES_MAX, STATSD_LINE_BYTES_MAX + 1]) {
      const bytes = Buffer.alloc(4 + length, 'x')
      bytes.writeUInt32LE(length)
      await sendPieces(path, [bytes])
    }
    await until(() => dropped(door, 'statsd', 'line_too_long') === 1)
    expect(door.received.map((line) => line.length)).toEqual([STATSD_LINE_BYTES_MAX])
    expect(dropped(door, 'statsd', 'line_too_long')).toBe(1)
  })

  test('a socket that was left behind is replaced, one that is in use is not', async () => {
    const door = await open()
    const path = join(await temporaryFolder(), 'statsd.sock')
    const { reception, counts } = door
    const options = { path, reception, counts, onLine: (line: string) => void door.received.push(line) }
    await leaveSocket(path)
    const first = await openStatsdSocket(options)
    closers.push(() => first.close())
    await expect(openStatsdSocket(options)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    writeFileSync(`${path}.txt`, 'mine')
    await expect(openStatsdSocket({ ...options, path: `${path}.txt` })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    expect(readFileSync(`${path}.txt`, 'utf8')).toBe('mine')
    await sendPieces(path, [Buffer.from('a:1|c\n')])
    await until(() => door.received.length === 1)
    expect(door.received).toEqual(['a:1|c'])
  })

  test('nothing is taken while the server is not ready or short of memory', async () => {
    const door = await open()
    for (const [phase, pressure, reason] of [
      ['starting', 0, 'starting'],
      ['ready', 1, 'memory'],
    ] as const) {
      Object.assign(door, { phase, pressure })
      await sendUdp(door.port, 'a:1|c')
      await sendTcp(door.port, 'a:1|c\n')
      await until(() => dropped(door, 'statsd', reason) === 2)
      expect(dropped(door, 'statsd', reason)).toBe(2)
    }
    expect(door.received).toEqual([])
  })

  test('a source has a rate: at its limit it is taken, beyond it is dropped', async () => {
    // The clock stands still: the bucket of a source does not fill again.
    const door = await open({ nowMs: () => 0, monotonicMs: () => 0 })
    await sendUdp(door.port, ...new Array(SOURCE_BURST + 1).fill('a:1|c'))
    await until(() => door.received.length + dropped(door, 'statsd', 'source_rate') > SOURCE_BURST)
    expect([door.received.length, dropped(door, 'statsd', 'source_rate')]).toEqual([SOURCE_BURST, 1])
  })

  test('a taken port is told', async () => {
    const door = await open()
    const { reception, counts } = door
    const again = openStatsd({ host: '127.0.0.1', port: door.port, reception, counts, onLine: () => {} })
    await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})

describe("Jaeger's agent", () => {
  async function open() {
    const door = testReception()
    const counts = new QuietCounts(door.reception.registry)
    const readBatch = (datagram: Uint8Array) =>
      datagram[0] === 0x78 ? err(fault('bad_request', 'malformed')) : ok(Buffer.alloc(1_000_000, datagram))
    const opened = await openJaegerUdp({ host: '127.0.0.1', port: 0, reception: door.reception, counts, readBatch })
    closers.push(opened.close)
    return Object.assign(door, { opened, port: opened.port })
  }

  test('each datagram is a batch of spans; what is none is counted and named', async () => {
    const door = await open()
    await sendUdp(door.port, 'a', 'x', 'b')
    await until(() => figure(door.reception.registry, 'vantage_datagrams_total', { receiver: 'jaeger-udp' }) === 3)
    await door.opened.close()
    closers = []
    expect(door.submitted.map(({ body }) => body.toString('latin1', 0, 1))).toEqual(['a', 'b'])
    expect(door.submitted[0]).toMatchObject({ receiver: 'jaeger-udp', format: PAYLOAD_FORMATS.jaegerThrift })
    expect(dropped(door, 'jaeger-udp', 'malformed')).toBe(1)
    expect(door.lines.join()).toContain('malformed')
    const labels = { signal: 'traces', receiver: 'jaeger-udp', tenant: 'default' }
    expect(figure(door.reception.registry, 'vantage_acked_items_total', labels)).toBe(2)
  })

  test('what waits is bounded, and taken again once it is stored', async () => {
    const door = await open()
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    door.submit = async () => {
      await held
      return ok(ONE_SAMPLE)
    }
    const fitting = Math.floor(WAITING_BYTES_MAX / 1_000_000)
    await sendUdp(door.port, ...Array.from({ length: fitting + 1 }, () => 'a'))
    await until(() => dropped(door, 'jaeger-udp', 'queue') === 1)
    expect(door.submitted.length).toBe(fitting)
    release()
    const labels = { signal: 'traces', receiver: 'jaeger-udp', tenant: 'default' }
    await until(() => figure(door.reception.registry, 'vantage_acked_items_total', labels) === fitting)
    await sendUdp(door.port, 'b')
    await until(() => door.submitted.length === fitting + 1)
    expect(door.submitted.length).toBe(fitting + 1)
  })
})

describe('InfluxDB over UDP', () => {
  async function open() {
    const door = testReception()
    const counts = new QuietCounts(door.reception.registry)
    const opened = await openInfluxUdp({ host: '127.0.0.1', port: 0, reception: door.reception, counts })
    closers.push(opened.close)
    return Object.assign(door, { opened, port: opened.port })
  }

  test('datagrams are gathered and stored as lines of nanoseconds', async () => {
    const door = await open()
    await sendUdp(door.port, 'a v=1', 'b v=2\n', 'c v=3')
    await until(() => figure(door.reception.registry, 'vantage_datagrams_total', { receiver: 'influx-udp' }) === 3)
    await door.opened.close()
    closers = []
    expect(door.submitted.map(({ body }) => body.toString()).join('')).toBe('a v=1\nb v=2\n\nc v=3\n')
    expect(door.submitted[0]).toMatchObject({ receiver: 'influx-udp', format: PAYLOAD_FORMATS.influxNs })
    expect(
      figure(door.reception.registry, 'vantage_acked_items_total', {
        signal: 'metrics',
        receiver: 'influx-udp',
        tenant: 'default',
      }),
    ).toBe(door.submitted.length)
  })

  test('what waits is bounded', async () => {
    const door = await open()
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    door.submit = async () => {
      await held
      return ok(ONE_SAMPLE)
    }
    const datagram = Buffer.alloc(60_000, 'x')
    for (let i = 0; i < 90 && dropped(door, 'influx-udp', 'queue') === 0; i++) await sendUdp(door.port, datagram)
    await until(() => dropped(door, 'influx-udp', 'queue') > 0)
    expect(dropped(door, 'influx-udp', 'queue')).toBeGreaterThan(0)
    expect(door.submitted).toHaveLength(1)
    release()
    await until(() => door.submitted.length === 2)
    expect(door.submitted[1]?.body.length).toBeLessThanOrEqual(WAITING_BYTES_MAX)
  })

  test('a refusal is counted, nothing is answered', async () => {
    const door = await open()
    door.submit = async () => err(fault('unavailable', 'disk', { reason: 'disk' }))
    await sendUdp(door.port, 'a v=1')
    await until(() => door.submitted.length === 1)
    await new Promise((resume) => setImmediate(resume))
    expect(
      figure(door.reception.registry, 'vantage_ingest_requests_total', { receiver: 'influx-udp', code: 'unavailable' }),
    ).toBe(1)
  })
})
