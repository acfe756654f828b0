/** Set: test, 30 s. The telemetry stream through clients made by grpc-js from proto/telemetry.proto. */
import { resolve } from 'node:path'
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { loadSync } from 'protobufjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rawPoints } from '../support/query.ts'
import { startServer, type TestServer } from '../support/server.ts'

const root = loadSync(resolve(import.meta.dirname, '../../proto/telemetry.proto'))
const typed = (name: string) => root.lookupType(`vantage.telemetry.v1.${name}`)
const writer = (name: string) => (message: object) =>
  Buffer.from(typed(name).encode(typed(name).fromObject(message)).finish())
const reader = (name: string) => (bytes: Buffer) =>
  typed(name).toObject(typed(name).decode(bytes), { longs: Number }) as unknown

interface Ack {
  readonly upToSeq: number
  readonly rejected?: readonly { seq: number; reason: string; count: number; message: string }[]
}

const BATCH = writer('TelemetryBatch')
const same = (bytes: Buffer) => bytes

function openStream(target: string, metadata = new Metadata()) {
  const client = new Client(target, credentials.createInsecure())
  const call = client.makeBidiStreamRequest(
    '/vantage.telemetry.v1.Telemetry/Stream',
    same,
    reader('Ack') as (bytes: Buffer) => Ack,
    metadata,
  )
  const acks: Ack[] = []
  call.on('data', (ack: Ack) => acks.push(ack))
  const ended = new Promise<ServiceError | undefined>((done) => {
    call.on('error', (error: ServiceError) => done(error))
    call.on('end', () => done(undefined))
  }).finally(() => client.close())
  return { call, acks, ended, acked: () => acks.at(-1)?.upToSeq ?? 0 }
}

async function until(isReached: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 45_000
  while (!isReached()) {
    if (performance.now() > deadlineMs) throw new Error('not reached in time')
    await new Promise((wake) => setTimeout(wake, 5))
  }
}

function batch(more: object, gauge = 1, timestampNs = `${Date.now()}000000`) {
  return BATCH({ service: 'shop', metrics: [{ name: 'load', samples: [{ timestampNs, gauge }] }], ...more })
}

const KEY = 'k'.repeat(32)

describe('the telemetry stream', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
  })
  afterAll(async () => {
    await server.stop()
  })

  test('50 instances send a batch every 20 ms; every sample that was acknowledged is there', async () => {
    const timesNs: string[] = []
    const streams = Array.from({ length: 50 }, (_, i) => ({
      ...openStream(server.streamTarget),
      instance: `i-${i}`,
      client: `client-${i}`,
    }))
    for (let seq = 1; seq <= 40; seq++) {
      timesNs.push(`${Date.now() + seq}000000`)
      for (const { call, instance, client } of streams) {
        call.write(batch({ instance, clientId: client, seq }, seq, timesNs[seq - 1]))
      }
      await new Promise((wake) => setTimeout(wake, 20))
    }
    await until(() => streams.every(({ acked }) => acked() === 40))
    for (const { call, ended } of streams) {
      call.end()
      expect(await ended).toBeUndefined()
    }
    const answer = await fetch(
      `${server.url}/api/v1/query?${new URLSearchParams({ query: 'sum(count_over_time(load[5m]))', time: String(Date.now() / 1000 + 10) })}`,
    )
    expect(await answer.json()).toMatchObject({ data: { result: [{ value: [expect.any(Number), '2000'] }] } })
  })

  test('a batch sent again is known: also before its first copy is durable', async () => {
    const first = openStream(server.streamTarget)
    const second = openStream(server.streamTarget)
    // The same sequence number with another value: taken once, so no conflict is told.
    const timestampNs = `${Date.now()}000000`
    first.call.write(batch({ service: 'again', clientId: 'c', seq: 1 }, 1, timestampNs))
    second.call.write(batch({ service: 'again', clientId: 'c', seq: 1 }, 2, timestampNs))
    await until(() => first.acked() === 1 && second.acked() === 1)
    expect([...first.acks, ...second.acks].flatMap(({ rejected }) => rejected ?? [])).toEqual([])
    expect(await rawPoints(server.url, 'load{service_name="again"}', Date.now() + 1_000)).toHaveLength(1)
    first.call.end()
    second.call.end()
  })

  test('what is refused of a batch is named; the rest is stored', async () => {
    const stream = openStream(server.streamTarget)
    const samples = [{ gauge: 5 }]
    stream.call.write(
      BATCH({
        service: 'part',
        metrics: [
          { name: '', samples },
          { name: 'kept', samples },
        ],
      }),
    )
    await until(() => stream.acked() === 1)
    expect(stream.acks.flatMap(({ rejected }) => rejected ?? [])).toMatchObject([
      { seq: 1, reason: 'missing_name', count: 1 },
    ])
    expect(await rawPoints(server.url, 'kept', Date.now() + 1_000)).toHaveLength(1)
    stream.call.end()
    expect(await stream.ended).toBeUndefined()
  })

  test('bytes that are no batch end the stream after what came before', async () => {
    const stream = openStream(server.streamTarget)
    stream.call.write(batch({ service: 'before' }))
    await until(() => stream.acked() === 1)
    stream.call.write(Buffer.from([0xff, 0xff]))
    expect(await stream.ended).toMatchObject({ code: status.INVALID_ARGUMENT })
  })

  test('the one-way form answers at its end', async () => {
    const client = new Client(server.streamTarget, credentials.createInsecure())
    const summary = await new Promise((resolve, reject) => {
      const call = client.makeClientStreamRequest(
        '/vantage.telemetry.v1.Telemetry/Push',
        same,
        reader('PushSummary'),
        (error, value) => (error === null ? resolve(value) : reject(error)),
      )
      for (let i = 0; i < 3; i++) call.write(batch({ service: 'oneway', instance: String(i) }))
      call.write(BATCH({ service: 'oneway', metrics: [{ samples: [{ gauge: 1 }] }] }))
      call.end()
    })
    expect(summary).toMatchObject({ batches: 4, samples: 3, rejected: [{ seq: 4, reason: 'missing_name', count: 1 }] })
    client.close()
  })
})

test('keys are wanted where they are configured, and a drain ends streams with what is durable', async () => {
  const server = await startServer({
    env: { VANTAGE_AUTH_ENABLED: 'true', API_KEY: KEY, VANTAGE_SELF_ENABLED: 'false' },
  })
  const stranger = openStream(server.streamTarget)
  expect(await stranger.ended).toMatchObject({ code: status.UNAUTHENTICATED })
  const metadata = new Metadata()
  metadata.set('x-api-key', KEY)
  const known = openStream(server.streamTarget, metadata)
  known.call.write(batch({ service: 'drain', clientId: 'd', seq: 9 }))
  await until(() => known.acked() === 9)
  expect(await server.stop()).toBe(0)
  expect(await known.ended).toBeUndefined()
})
