/**
 * Subscribers of the live socket, in a thread of their own so that the sender does not delay them.
 * Reads `LiveClientsStart` as worker data, posts `'ready'`, then one `LiveClientsResult` after `seconds`.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { decodeLiveFrame } from '@vantage/model'
import { WebSocket } from 'ws'
import { median, percentile } from '../statistics.ts'

export interface LiveClientsStart {
  readonly url: string
  readonly clients: number
  readonly series: number
  /** Taken in turns. */
  readonly matchers: readonly string[]
  readonly seconds: number
}

export interface LiveClientsResult {
  /** Frames a second, of the middle client and of the slowest one. */
  readonly framesPerSecond: number
  readonly framesPerSecondMin: number
  readonly samplesPerSecond: number
  /** How far the distance between two frames is from a sixtieth of a second. */
  readonly jitterP50Ms: number
  readonly jitterP99Ms: number
  /** From the time of the newest sample of a frame to its arrival. */
  readonly latencyP50Ms: number
  readonly latencyP99Ms: number
  readonly gaps: number
}

const FRAME_MS = 1000 / 60

interface Seen {
  frames: number
  samples: number
  gaps: number
  lastMs: number
  isCounting: boolean
  readonly jitters: number[]
  readonly latencies: number[]
}

async function subscribe({ url, series }: LiveClientsStart, matchers: string): Promise<Seen> {
  const seen: Seen = { frames: 0, samples: 0, gaps: 0, lastMs: 0, isCounting: false, jitters: [], latencies: [] }
  const socket = new WebSocket(url, { perMessageDeflate: false })
  socket.binaryType = 'arraybuffer'
  await new Promise((settle, fail) => {
    socket.once('open', settle)
    socket.once('error', fail)
  })
  socket.send(JSON.stringify({ type: 'format', value: 'binary' }))
  const answered = new Promise<void>((settle) => {
    socket.on('message', (data: ArrayBuffer, isBinary) => {
      if (isBinary) return frame(seen, data)
      const { type } = JSON.parse(Buffer.from(data).toString()) as { type: string }
      if (type === 'subscribed') settle()
      if (type === 'gap') seen.gaps++
    })
  })
  socket.send(JSON.stringify({ type: 'subscribe', id: 1, matchers, windowMs: 1000, maxSeries: series }))
  await answered
  return seen
}

function frame(seen: Seen, data: ArrayBuffer): void {
  if (!seen.isCounting) return
  const samples = decodeLiveFrame(data)
  if (samples === undefined) throw new Error('a frame that is none')
  const nowMs = performance.now()
  if (seen.frames > 0) seen.jitters.push(Math.abs(nowMs - seen.lastMs - FRAME_MS))
  seen.lastMs = nowMs
  seen.frames++
  seen.samples += samples.count
  let newest = Number.NEGATIVE_INFINITY
  for (let i = 0; i < samples.count; i++) newest = Math.max(newest, samples.offsetsMs[i] as number)
  seen.latencies.push(performance.timeOrigin + nowMs - samples.baseMs - newest)
}

async function main(start: LiveClientsStart): Promise<void> {
  const all: Seen[] = []
  for (let i = 0; i < start.clients; i++) {
    all.push(await subscribe(start, start.matchers[i % start.matchers.length] as string))
  }
  parentPort?.postMessage('ready')
  for (const seen of all) seen.isCounting = true
  await new Promise((wake) => setTimeout(wake, start.seconds * 1000))
  for (const seen of all) seen.isCounting = false
  const rates = all.map(({ frames }) => frames / start.seconds)
  const jitters = all.flatMap((seen) => seen.jitters)
  const latencies = all.flatMap((seen) => seen.latencies)
  const result: LiveClientsResult = {
    framesPerSecond: median(rates),
    framesPerSecondMin: Math.min(...rates),
    samplesPerSecond: median(all.map(({ samples }) => samples / start.seconds)),
    jitterP50Ms: percentile(jitters, 0.5),
    jitterP99Ms: percentile(jitters, 0.99),
    latencyP50Ms: percentile(latencies, 0.5),
    latencyP99Ms: percentile(latencies, 0.99),
    gaps: all.reduce((sum, { gaps }) => sum + gaps, 0),
  }
  parentPort?.postMessage(result)
}

if (parentPort !== null) await main(workerData as LiveClientsStart)
