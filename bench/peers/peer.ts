import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { freePorts, isAnswered } from '../../tools/ports.ts'

export type PeerName = 'vantage' | 'victoriametrics' | 'prometheus'

/** How to start a product that takes remote write, and where it answers. */
export interface Peer {
  readonly name: PeerName
  /** The program, absent where it is not installed. */
  readonly binary: string | undefined
  /** Arguments in front of all others, for a program that an interpreter runs. */
  readonly script: readonly string[]
  readonly versionArguments: readonly string[]
  /** Writes what the product needs into its fresh folder. @returns its arguments */
  prepare(directory: string, port: number): Promise<string[]>
  readonly environment: Readonly<Record<string, string>>
  readonly readyPath: string
  readonly writePath: string
  /** Lines of `/metrics` whose sum is the samples taken by remote write. */
  readonly acceptedPattern: RegExp
}

const READY_TIMEOUT_MS = 120_000
const READY_POLL_MS = 5
const STOP_TIMEOUT_MS = 120_000
/** What the product wrote last, kept for the message of a failed start. */
const OUTPUT_CHARS_MAX = 4_000

/** A peer on a folder of its own. The folder stays over `stop` and `start`, until `remove`. */
export class RunningPeer {
  readonly peer: Peer
  readonly directory: string
  readonly port: number
  #child: ChildProcess | undefined
  #output = ''

  private constructor(peer: Peer, directory: string, port: number) {
    this.peer = peer
    this.directory = directory
    this.port = port
  }

  /** A fresh folder and port, not started yet. */
  static async prepare(peer: Peer): Promise<RunningPeer> {
    const directory = await mkdtemp(join(tmpdir(), `vantage-bench-${peer.name}-`))
    return new RunningPeer(peer, directory, (await freePorts(1))[0] as number)
  }

  static async start(peer: Peer): Promise<RunningPeer> {
    const running = await RunningPeer.prepare(peer)
    await running.start()
    return running
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined) throw new Error(`BUG: ${this.peer.name} is not running`)
    return pid
  }

  /** @returns ms from the command to the first 200 of its readiness */
  async start(): Promise<number> {
    const { binary, script, environment } = this.peer
    if (binary === undefined) throw new Error(`BUG: ${this.peer.name} is not installed`)
    const args = [...script, ...(await this.peer.prepare(this.directory, this.port))]
    const startMs = performance.now()
    const child = spawn(binary, args, {
      cwd: this.directory,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    // Interrupted, the bench leaves no server and no data behind.
    const onExit = () => {
      child.kill('SIGKILL')
      rmSync(this.directory, { recursive: true, force: true })
    }
    process.once('exit', onExit)
    child.once('exit', () => process.off('exit', onExit))
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-OUTPUT_CHARS_MAX)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    while (performance.now() - startMs < READY_TIMEOUT_MS) {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`${this.peer.name} ended with ${child.exitCode ?? child.signalCode}\n${this.#output}`)
      }
      if (await isAnswered(`${this.url}${this.peer.readyPath}`)) return performance.now() - startMs
      await sleep(READY_POLL_MS)
    }
    throw new Error(`${this.peer.name} was not ready after ${READY_TIMEOUT_MS} ms\n${this.#output}`)
  }

  /** The product's own count of samples that came by remote write since it started. */
  async acceptedSamples(): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text()
    let sum = 0
    for (const line of text.split('\n')) {
      if (this.peer.acceptedPattern.test(line)) sum += Number(line.slice(line.lastIndexOf(' ') + 1))
    }
    return sum
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** As a power cut for the process: nothing is drained. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Stops it where it runs and removes its folder. */
  async remove(): Promise<void> {
    await this.#end('SIGKILL')
    await rm(this.directory, { recursive: true, force: true })
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await exited
    clearTimeout(timer)
  }
}

/** The first line of what the program says about itself; of a silent one, what Debian says about its package. */
export function versionOf(peer: Peer): string {
  if (peer.binary === undefined) return 'not installed'
  const own = firstLine(peer.binary, peer.versionArguments)
  return own !== '' ? own : firstLine('dpkg-query', ['--show', peer.binary.split('/').at(-1) ?? ''])
}

function firstLine(program: string, args: readonly string[]): string {
  const { stdout } = spawnSync(program, args, { encoding: 'utf8' })
  return ((stdout ?? '').split('\n')[0] ?? '').replace(/ \(.*/, '').replaceAll('\t', ' ')
}

/** The program that the variable names, else the one of this name on PATH. */
export function findProgram(variable: string, name: string): string | undefined {
  const given = process.env[variable]
  if (given !== undefined && given !== '') return given
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

export function sleep(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms))
}
