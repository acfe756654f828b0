import { type LiveMessage, type LiveRequest, readLiveMessage } from '@vantage/api/client'
import { decodeLiveFrame, type LiveSamples } from '@vantage/model'
import { retryDelayMs } from './retry.ts'

export interface SocketListener {
  /** The connection is gone; another try follows by itself. */
  onLost(): void
  onMessage(message: LiveMessage): void
  /** The samples are only borrowed. */
  onFrame(samples: LiveSamples): void
}

/** One subscription over a WebSocket that connects again by itself, less and less often. */
export class LiveSocket {
  readonly #url: string
  readonly #subscribe: LiveRequest
  readonly #listener: SocketListener
  #attempt = 0

  constructor(url: string, subscribe: LiveRequest, listener: SocketListener) {
    this.#url = url
    this.#subscribe = subscribe
    this.#listener = listener
    this.#connect()
  }

  #connect(): void {
    const socket = new WebSocket(this.#url)
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      socket.send(JSON.stringify({ type: 'format', value: 'binary' }))
      socket.send(JSON.stringify(this.#subscribe))
    }
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => this.#receive(socket, data)
    // An error is always followed by a close.
    socket.onclose = () => {
      this.#listener.onLost()
      this.#later(() => this.#connect())
    }
  }

  #receive(socket: WebSocket, data: string | ArrayBuffer): void {
    if (typeof data !== 'string') {
      const frame = decodeLiveFrame(data)
      if (frame !== undefined) this.#listener.onFrame(frame)
      return
    }
    const message = readLiveMessage(data)
    if (message === undefined) return
    this.#listener.onMessage(message)
    if (message.type === 'subscribed') this.#attempt = 0
    // A server that had no time for the subscription has some later.
    if (message.type === 'error' && message.canRetry) {
      this.#later(() => {
        if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(this.#subscribe))
      })
    }
  }

  #later(run: () => void): void {
    setTimeout(run, retryDelayMs(this.#attempt++, Math.random()))
  }
}
