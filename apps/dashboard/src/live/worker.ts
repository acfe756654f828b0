import { readLiveMessage } from '@vantage/api/client'
import { decodeLiveFrame } from '@vantage/model'
import { retryDelayMs } from './retry.ts'
import { type FromWorker, SAMPLE_FLOATS, type ToWorker } from './worker-messages.ts'

/** Buffers that wait to be used again; more are left to the collector. */
const POOL_MAX = 8
/** Smallest buffer, in samples; larger frames get buffers of their size. */
const BATCH_SAMPLES_MIN = 1_024

/** The parts of a dedicated worker's global that are used here; the page's types do not know it. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null
  postMessage(message: FromWorker, transfer?: Transferable[]): void
}

const scope = globalThis as unknown as WorkerScope
const pool: Float64Array<ArrayBuffer>[] = []
let socket: WebSocket | undefined
let connectMessage: Extract<ToWorker, { kind: 'connect' }> | undefined
let attempt = 0
let timer: ReturnType<typeof setTimeout> | undefined

scope.onmessage = ({ data }) => {
  switch (data.kind) {
    case 'connect':
      connectMessage = data
      attempt = 0
      connect()
      return
    case 'recycle':
      if (pool.length < POOL_MAX) pool.push(data.batch)
      return
    case 'close':
      connectMessage = undefined
      disconnect()
  }
}

function disconnect(): void {
  clearTimeout(timer)
  if (socket === undefined) return
  socket.onclose = null
  socket.onmessage = null
  socket.close()
  socket = undefined
}

function connect(): void {
  disconnect()
  if (connectMessage === undefined) return
  const { url, subscribe } = connectMessage
  const opened = new WebSocket(url)
  socket = opened
  opened.binaryType = 'arraybuffer'
  opened.onopen = () => {
    opened.send(JSON.stringify({ type: 'format', value: 'binary' }))
    opened.send(JSON.stringify(subscribe))
    scope.postMessage({ kind: 'open' })
  }
  opened.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => receive(data)
  // An error is always followed by a close.
  opened.onclose = () => {
    const retryMs = retryDelayMs(attempt++, Math.random())
    scope.postMessage({ kind: 'lost', retryMs })
    timer = setTimeout(connect, retryMs)
  }
}

/** A server that had no time for the subscription has some later. */
function askAgain(): void {
  clearTimeout(timer)
  timer = setTimeout(
    () => {
      if (connectMessage === undefined || socket?.readyState !== WebSocket.OPEN) return
      socket.send(JSON.stringify(connectMessage.subscribe))
    },
    retryDelayMs(attempt++, Math.random()),
  )
}

function receive(data: string | ArrayBuffer): void {
  if (typeof data === 'string') {
    const message = readLiveMessage(data)
    if (message === undefined) return
    scope.postMessage({ kind: 'message', message })
    if (message.type === 'subscribed') attempt = 0
    if (message.type === 'error' && message.canRetry) askAgain()
    return
  }
  const frame = decodeLiveFrame(data)
  if (frame === undefined || frame.count === 0) return
  const { count, baseMs, refs, offsetsMs, values } = frame
  const batch = takeBatch(count)
  for (let i = 0, at = 0; i < count; i++, at += SAMPLE_FLOATS) {
    batch[at] = refs[i] as number
    batch[at + 1] = baseMs + (offsetsMs[i] as number)
    batch[at + 2] = values[i] as number
  }
  scope.postMessage({ kind: 'samples', batch, count }, [batch.buffer])
}

function takeBatch(count: number): Float64Array<ArrayBuffer> {
  const pooled = pool.pop()
  if (pooled !== undefined && pooled.length >= count * SAMPLE_FLOATS) return pooled
  return new Float64Array(Math.max(BATCH_SAMPLES_MIN, count) * SAMPLE_FLOATS)
}
