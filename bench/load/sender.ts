import { Agent, request } from 'node:http'
import type { LoadRequest } from './scrape-shape.ts'

export const CONNECTIONS = 4
/** A request that is refused for now is sent again after this time, as a remote-write sender does. */
const RETRY_AFTER_MS = 50
const RETRIES_MAX = 600

/** Keep-alive connections with one request in flight each. */
export class Sender {
  readonly #agents: Agent[]
  readonly #url: URL
  /** Requests that were answered 429 or 503 and sent again. */
  retries = 0

  constructor(url: string, connections: number = CONNECTIONS) {
    this.#url = new URL(url)
    this.#agents = Array.from({ length: connections }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
  }

  /** @returns ms from sending to the answer, of each request in the order of its connection's list */
  async sendAll(requests: Iterable<LoadRequest>): Promise<number[]> {
    const lists: LoadRequest[][] = this.#agents.map(() => [])
    for (const one of requests) lists[one.connection]?.push(one)
    const latencies: number[] = []
    await Promise.all(
      lists.map(async (list, connection) => {
        for (const { body } of list) {
          const startMs = performance.now()
          await this.send(connection, body)
          latencies.push(performance.now() - startMs)
        }
      }),
    )
    return latencies
  }

  /** Sends one body, again and again while the server is busy. Fails on any other refusal. */
  async send(connection: number, body: Buffer): Promise<void> {
    for (let attempt = 0; attempt <= RETRIES_MAX; attempt++) {
      const { status, text } = await this.#post(connection, body)
      if (status >= 200 && status < 300) return
      if (status !== 429 && status !== 503) throw new Error(`remote write answered ${status}: ${text}`)
      this.retries++
      await new Promise((wake) => setTimeout(wake, RETRY_AFTER_MS))
    }
    throw new Error(`remote write was refused ${RETRIES_MAX} times`)
  }

  close(): void {
    for (const agent of this.#agents) agent.destroy()
  }

  #post(connection: number, body: Buffer): Promise<{ status: number; text: string }> {
    return new Promise((settle, fail) => {
      const headers = {
        'Content-Type': 'application/x-protobuf',
        'Content-Encoding': 'snappy',
        'Content-Length': body.length,
        'X-Prometheus-Remote-Write-Version': '0.1.0',
      }
      const agent = this.#agents[connection] as Agent
      const sent = request(this.#url, { method: 'POST', agent, headers }, (answer) => {
        let text = ''
        answer.on('data', (chunk: Buffer) => {
          text += chunk.toString()
        })
        answer.on('end', () => settle({ status: answer.statusCode ?? 0, text }))
        answer.on('error', fail)
      })
      sent.on('error', fail)
      sent.end(body)
    })
  }
}
