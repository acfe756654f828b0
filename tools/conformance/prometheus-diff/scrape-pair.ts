import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { freePorts } from '../../ports.ts'
import { ServerProcess } from '../server-process.ts'

export const SCRAPE_INTERVAL_MS = 5_000
const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 10_000
const POLL_MS = 100
/** Keeps Prometheus' own counters and histograms moving. */
const STIR_INTERVAL_MS = 2_500
const OUTPUT_CHARS_MAX = 4_000

/**
 * A node exporter, and a Prometheus that scrapes it and itself every 5 s and sends every sample on to a Vantage: both
 * then hold the same samples.
 */
export class ScrapePair {
  readonly #vantage = new ServerProcess()
  readonly #children: ChildProcess[] = []
  #directory = ''
  #prometheusPort = 0
  #output = ''

  get vantageUrl(): string {
    return this.#vantage.baseUrl
  }

  get prometheusUrl(): string {
    return `http://127.0.0.1:${this.#prometheusPort}`
  }

  async start(): Promise<void> {
    const exporter = findProgram('NODE_EXPORTER_BIN', ['prometheus-node-exporter', 'node_exporter'])
    const prometheus = findProgram('PROMETHEUS_BIN', ['prometheus'])
    this.#directory = await mkdtemp(join(tmpdir(), 'vantage-prometheus-diff-'))
    await this.#vantage.start()
    const [exporterPort, prometheusPort] = await freePorts(2)
    this.#prometheusPort = prometheusPort as number
    this.#spawn(exporter, [`--web.listen-address=127.0.0.1:${exporterPort}`])
    const config = join(this.#directory, 'prometheus.yml')
    await writeFile(config, this.#configuration(exporterPort as number))
    this.#spawn(prometheus, [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(this.#directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${this.#prometheusPort}`,
      '--enable-feature=promql-at-modifier,promql-negative-offset',
      '--log.level=warn',
    ])
    await this.#untilReady()
  }

  /** Waits while samples gather, and lets Prometheus answer queries, so that its own metrics change. */
  async gather(ms: number): Promise<void> {
    const deadlineMs = performance.now() + ms
    for (let turn = 0; performance.now() < deadlineMs; turn++) {
      const query = turn % 3 === 0 ? 'sum(rate(node_cpu_seconds_total[1m]))' : 'up'
      const path = turn % 2 === 0 ? 'query' : 'labels'
      await (await fetch(`${this.prometheusUrl}/api/v1/${path}?${new URLSearchParams({ query })}`)).arrayBuffer()
      await sleep(Math.min(STIR_INTERVAL_MS, Math.max(0, deadlineMs - performance.now())))
    }
  }

  async stop(): Promise<void> {
    for (const child of this.#children.splice(0).reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
      await exited
      clearTimeout(timer)
    }
    await this.#vantage.stop()
    if (this.#directory !== '') await rm(this.#directory, { recursive: true, force: true })
  }

  #configuration(exporterPort: number): string {
    const job = (name: string, port: number) => [
      `  - job_name: ${name}`,
      '    static_configs:',
      `      - targets: ['127.0.0.1:${port}']`,
    ]
    return [
      'global:',
      `  scrape_interval: ${SCRAPE_INTERVAL_MS / 1000}s`,
      `  scrape_timeout: ${SCRAPE_INTERVAL_MS / 1000}s`,
      'scrape_configs:',
      ...job('node', exporterPort),
      ...job('prometheus', this.#prometheusPort),
      'remote_write:',
      `  - url: ${this.#vantage.baseUrl}/api/v1/write`,
      '    queue_config: { batch_send_deadline: 1s }',
      '',
    ].join('\n')
  }

  #spawn(program: string, args: readonly string[]): void {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-OUTPUT_CHARS_MAX)
    })
    this.#children.push(child)
  }

  async #untilReady(): Promise<void> {
    const deadlineMs = performance.now() + START_TIMEOUT_MS
    while (performance.now() < deadlineMs) {
      if (this.#children.some((child) => child.exitCode !== null)) break
      const answer = await fetch(`${this.prometheusUrl}/-/ready`).catch(() => undefined)
      await answer?.arrayBuffer()
      if (answer?.status === 200) return
      await sleep(POLL_MS)
    }
    throw new Error(`Prometheus did not start:\n${this.#output}`)
  }
}

function findProgram(variable: string, names: readonly string[]): string {
  const given = process.env[variable]
  if (given !== undefined && given !== '') return given
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
  if (found === undefined) throw new Error(`${names.join(' or ')} is not installed (apt-get install ${names[0]})`)
  return found
}

function sleep(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms))
}
