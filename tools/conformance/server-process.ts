import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePorts, isAnswered } from '../ports.ts'

const CHECKOUT = resolve(import.meta.dirname, '../..')

/** The server's entry and the arguments that give it an empty folder, one port and the whole language. */
const SERVER_ENTRY = 'apps/server/src/main.ts'

function serverArguments(dir: string, port: number): string[] {
  return [join(CHECKOUT, SERVER_ENTRY), '--data', dir, '--listen', `127.0.0.1:${port}`, '--promql-experimental']
}

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 30_000
const POLL_MS = 25

/** A server of its own on an empty folder. */
export class ServerProcess {
  #child: ChildProcess | undefined
  #dir = ''
  #port = 0

  get baseUrl(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async start(): Promise<void> {
    this.#dir = await mkdtemp(join(tmpdir(), 'vantage-conformance-'))
    this.#port = (await freePorts(1))[0] as number
    this.#child = spawn(process.execPath, serverArguments(this.#dir, this.#port), {
      env: {
        ...process.env,
        VANTAGE_OTLP_GRPC_PORT: '0',
        VANTAGE_STREAM_PORT: '0',
        VANTAGE_OTLP_HTTP_PORT: '0',
        VANTAGE_SELF_ENABLED: 'false',
        VANTAGE_DRAIN_DELAY: '0s',
        VANTAGE_QUERY_WARM_UP: 'false',
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    await this.#waitUntilReady()
  }

  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child !== undefined && child.exitCode === null) {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
      await exited
      clearTimeout(timer)
    }
    if (this.#dir !== '') await rm(this.#dir, { recursive: true, force: true })
  }

  async #waitUntilReady(): Promise<void> {
    const deadlineMs = performance.now() + START_TIMEOUT_MS
    while (performance.now() < deadlineMs) {
      if (this.#child?.exitCode !== null) throw new Error(`the server ended with code ${this.#child?.exitCode}`)
      if (await isAnswered(`${this.baseUrl}/-/ready`)) return
      await new Promise((wake) => setTimeout(wake, POLL_MS))
    }
    throw new Error(`the server was not ready after ${START_TIMEOUT_MS} ms`)
  }
}
