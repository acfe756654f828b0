import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts, isAnswered } from '../../tools/ports.ts'
import { PRODUCT } from './product.ts'

export { freePorts }

const SERVER_ENTRY = join(PRODUCT, 'server.mjs')

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 30_000
const POLL_MS = 25
/** Another process may take a port between its choice and the server's bind. */
const STARTS_MAX = 3
const PORT_TAKEN = /port \d+ of \S+ is taken/
/** What the server wrote last, for the message of a failed start, characters. */
const OUTPUT_KEPT_MAX = 16_384

export interface ServerOptions {
  /** Added to our own environment; ports are chosen by `startServer`. */
  readonly env?: Readonly<Record<string, string>>
  /** Further arguments of the server. */
  readonly args?: readonly string[]
  /** The configuration file's text (YAML), for keys without an environment variable. */
  readonly config?: string
  /** True: returns as soon as it listens, ready or not. */
  readonly isStarting?: boolean
  /** The main port of a server before it, where clients go on looking for it. */
  readonly port?: number
  /** A folder of the caller's, which `stop` leaves alone: for starting again on what is there. */
  readonly dataDir?: string
}

/** A real server in a process of its own. */
export interface TestServer {
  /** `http://127.0.0.1:PORT`: queries, remote write, the page. */
  readonly url: string
  /** `http://127.0.0.1:PORT` of the OTLP/HTTP listener. */
  readonly otlpHttpUrl: string
  /** `127.0.0.1:PORT` of the OTLP/gRPC listener. */
  readonly otlpGrpcTarget: string
  /** `127.0.0.1:PORT` of the telemetry stream. */
  readonly streamTarget: string
  readonly dataDir: string
  readonly pid: number
  /** What it wrote to stdout and stderr, the last characters of it. */
  output(): string
  /** Sends a signal and waits for nothing. */
  signal(signal: NodeJS.Signals): void
  /** Resolves to the exit code once the process has ended. */
  readonly ended: Promise<number | null>
  /** SIGTERM, waits for the end (SIGKILL after 30 s), removes a data folder of our own. @returns the exit code */
  stop(): Promise<number | null>
  /** SIGKILL, waits for the end; the data folder stays until `stop`. */
  kill(): Promise<void>
}

/** Starts the server on free ports of the loopback and waits until `/-/ready` answers 200. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  for (let start = 1; ; start++) {
    try {
      return await startOnce(options)
    } catch (error) {
      if (start === STARTS_MAX || !PORT_TAKEN.test((error as Error).message)) throw error
    }
  }
}

async function startOnce(options: ServerOptions): Promise<TestServer> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'vantage-test-')))
  const [freePort, httpPort, grpcPort, streamPort] = (await freePorts(4)) as [number, number, number, number]
  const port = options.port ?? freePort
  const args = [SERVER_ENTRY, '--data', dataDir, '--listen', `127.0.0.1:${port}`, ...(options.args ?? [])]
  if (options.config !== undefined) {
    await mkdir(dataDir, { recursive: true })
    await writeFile(join(dataDir, 'vantage.yaml'), options.config)
    args.push('--config', join(dataDir, 'vantage.yaml'))
  }
  const env = {
    ...process.env,
    VANTAGE_OTLP_HTTP_PORT: String(httpPort),
    VANTAGE_OTLP_GRPC_PORT: String(grpcPort),
    VANTAGE_STREAM_PORT: String(streamPort),
    VANTAGE_DRAIN_DELAY: '0s',
    VANTAGE_QUERY_WARM_UP: 'false',
    ...options.env,
  }
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = keepOutput(child)
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const url = `http://127.0.0.1:${port}`
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    await endChild(child, signal)
    return child.exitCode
  }
  const clean = async () => {
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true })
  }
  try {
    await waitUntilReady(url, child, options.isStarting === true)
  } catch (error) {
    await end('SIGKILL')
    await clean()
    throw new Error(`${(error as Error).message}\n${output()}`)
  }
  return {
    url,
    otlpHttpUrl: `http://127.0.0.1:${httpPort}`,
    otlpGrpcTarget: `127.0.0.1:${grpcPort}`,
    streamTarget: `127.0.0.1:${streamPort}`,
    dataDir,
    pid: child.pid as number,
    output,
    signal: (signal) => child.kill(signal),
    ended,
    stop: async () => {
      const code = await end('SIGTERM')
      await clean()
      return code
    },
    kill: async () => {
      await end('SIGKILL')
    },
  }
}

/** Runs the server with these arguments and environment alone, until it ends by itself. */
export async function runToEnd(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [SERVER_ENTRY, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = keepOutput(child)
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS)
  await once(child, 'close')
  clearTimeout(timer)
  return { code: child.exitCode, output: output() }
}

function keepOutput(child: ChildProcess): () => string {
  let kept = ''
  const take = (chunk: Buffer) => {
    kept = (kept + chunk.toString()).slice(-OUTPUT_KEPT_MAX)
  }
  child.stdout?.on('data', take)
  child.stderr?.on('data', take)
  return () => kept
}

async function endChild(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await exited
  clearTimeout(timer)
}

async function waitUntilReady(url: string, child: ChildProcess, isListening: boolean): Promise<void> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS
  while (performance.now() < deadlineMs) {
    if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}`)
    if (await isAnswered(`${url}/-/ready`, isListening)) return
    await new Promise((wake) => setTimeout(wake, POLL_MS))
  }
  throw new Error(`the server was not ready after ${START_TIMEOUT_MS} ms`)
}
