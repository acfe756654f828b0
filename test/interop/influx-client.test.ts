import { createSocket } from 'node:dgram'
import { HttpError, InfluxDB, Point, setLogger } from '@influxdata/influxdb-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pointText, rawPoints } from '../support/query.ts'
import { freePorts, startServer, type TestServer } from '../support/server.ts'

/** The unmodified client of InfluxDB 2 writes to the real server; every number must come back. */

// The refusals are part of the test.
setLogger({ error: () => {}, warn: () => {} })

const KEY = 'k'.repeat(32)

let server: TestServer
let udpPort = 0
beforeAll(async () => {
  ;[udpPort = 0] = await freePorts(1)
  server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false', VANTAGE_INFLUX_UDP_PORT: String(udpPort) } })
})
afterAll(async () => {
  await server.stop()
})

function pointAt(timeMs: number): Point {
  return new Point('shop floor')
    .tag('site', 'Köln, Süd')
    .floatField('temperature', 21.5)
    .intField('visitors', 12)
    .uintField('doors', 3)
    .booleanField('open', true)
    .stringField('note', 'a "quoted" note')
    .floatField('value', -0.25)
    .timestamp(timeMs)
}

test('points of all field types, in the precision asked for', async () => {
  const timeMs = Date.now()
  const writer = new InfluxDB({ url: server.url, token: 'any' }).getWriteApi('org', 'bucket', 'ms', {
    gzipThreshold: 1,
  })
  writer.writePoint(pointAt(timeMs))
  await writer.close()
  const found = await rawPoints(server.url, '{site="Köln, Süd"}', timeMs + 1_000)
  expect(found.map(pointText).sort()).toEqual(
    [
      `shop floor{site="Köln, Süd"} -0.25 @${timeMs}`,
      `shop floor_doors{site="Köln, Süd"} 3 @${timeMs}`,
      `shop floor_open{site="Köln, Süd"} 1 @${timeMs}`,
      `shop floor_temperature{site="Köln, Süd"} 21.5 @${timeMs}`,
      `shop floor_visitors{site="Köln, Süd"} 12 @${timeMs}`,
    ].sort(),
  )
})

test('a bad line is named to the client, the good ones are stored', async () => {
  const timeMs = Date.now()
  let message = ''
  const writer = new InfluxDB({ url: server.url, token: 'any' }).getWriteApi('org', 'bucket', 'ms', {
    maxRetries: 0,
    writeFailed: (error) => {
      message = error instanceof HttpError ? `${error.statusCode} ${error.message}` : error.message
    },
  })
  writer.writeRecords([`partial a=1 ${timeMs}`, 'partial a=', `partial b=2 ${timeMs}`])
  await writer.close().catch(() => {})
  expect(message).toContain('400')
  expect(message).toContain('line 2')
  const found = await rawPoints(server.url, '{__name__=~"partial_.*"}', timeMs + 1_000)
  expect(found.map(pointText).sort()).toEqual([`partial_a{} 1 @${timeMs}`, `partial_b{} 2 @${timeMs}`])
})

test('the token of the client is a key of ours', async () => {
  const guarded = await startServer({
    env: { VANTAGE_AUTH_ENABLED: 'true', API_KEY: KEY, VANTAGE_SELF_ENABLED: 'false' },
  })
  try {
    const write = async (token: string): Promise<number> => {
      let status = 204
      const writer = new InfluxDB({ url: guarded.url, token }).getWriteApi('org', 'bucket', 'ms', {
        maxRetries: 0,
        writeFailed: (error) => {
          status = error instanceof HttpError ? error.statusCode : 0
        },
      })
      writer.writeRecord(`guarded v=1 ${Date.now()}`)
      await writer.close().catch(() => {})
      return status
    }
    expect(await write('wrong')).toBe(401)
    expect(await write(KEY)).toBe(204)
  } finally {
    await guarded.stop()
  }
})

test('lines over UDP', async () => {
  const timeMs = Date.now()
  const socket = createSocket('udp4')
  for (const line of [`udp,n=1 v=1 ${timeMs}000000`, `udp,n=2 v=2 ${timeMs}000000\nbad line`]) {
    await new Promise<void>((resolve) => socket.send(line, udpPort, '127.0.0.1', () => resolve()))
  }
  socket.close()
  const deadlineMs = performance.now() + 10_000
  let found: string[] = []
  while (found.length < 2 && performance.now() < deadlineMs) {
    await new Promise((resume) => setTimeout(resume, 50))
    found = (await rawPoints(server.url, 'udp_v', timeMs + 1_000)).map(pointText).sort()
  }
  expect(found).toEqual([`udp_v{n="1"} 1 @${timeMs}`, `udp_v{n="2"} 2 @${timeMs}`])
})
