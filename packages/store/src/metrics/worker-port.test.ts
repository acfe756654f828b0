import { MessageChannel } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { serve, WorkerClient, type WorkerPort } from './worker-port.ts'

type Request = { readonly say: string } | { readonly close: true }

/** Threads that answer what they were asked, with how often they were asked before. */
function threads() {
  const heard: string[][] = []
  const spawn = (): WorkerPort => {
    const { port1, port2 } = new MessageChannel()
    const mine: string[] = []
    heard.push(mine)
    serve<Request, string>(port2 as unknown as WorkerPort, (request) => {
      mine.push('say' in request ? request.say : 'close')
      if ('say' in request && request.say === 'no') throw new Error('it does not want to')
      return `${mine.length}`
    })
    return port1 as unknown as WorkerPort
  }
  return { heard, spawn }
}

test('the first question starts the thread; without any for 30 s it is closed and ended, and the next starts another', async () => {
  const { heard, spawn } = threads()
  const client = new WorkerClient<Request, string>(spawn, { close: true })
  await client.rest(0)
  expect([heard.length, client.isRunning]).toEqual([0, false])
  expect(await client.ask({ say: 'a' })).toBe('1')
  for (const atMs of [1_000, 20_000, 30_999]) await client.rest(atMs)
  expect(client.isRunning).toBe(true)
  expect(await client.ask({ say: 'b' })).toBe('2')
  for (const atMs of [31_000, 60_999]) await client.rest(atMs)
  expect(client.isRunning).toBe(true)
  await client.rest(61_000)
  expect(client.isRunning).toBe(false)
  for (const atMs of [62_000, 200_000]) await client.rest(atMs)
  expect(await client.ask({ say: 'c' })).toBe('1')
  await client.rest(200_001)
  expect(client.isRunning).toBe(true)
  expect(heard).toEqual([['a', 'b', 'close'], ['c']])
  await client.end()
})

test('a question that waits keeps the thread; one that fails says why; after the end none is taken', async () => {
  const { heard, spawn } = threads()
  const client = new WorkerClient<Request, string>(spawn)
  const answer = client.ask({ say: 'a' })
  for (const atMs of [0, 40_000, 80_000]) await client.rest(atMs)
  expect(await answer).toBe('1')
  await expect(client.ask({ say: 'no' })).rejects.toThrow('it does not want to')
  const waiting = client.ask({ say: 'b' })
  const ended = client.end()
  await expect(waiting).rejects.toThrow('the store is closed')
  await ended
  await expect(client.ask({ say: 'c' })).rejects.toThrow('the store is closed')
  expect(heard.length).toBe(1)
})
