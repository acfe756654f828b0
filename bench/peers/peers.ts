import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { BenchOptions } from '../bench-case.ts'
import { findProgram, type Peer, type PeerName, versionOf } from './peer.ts'

const CHECKOUT = resolve(import.meta.dirname, '../..')

/** As `npm start` gives them (tools/bootstrap.mjs). */
const SERVER_FLAGS = '--initial-heap-size=256'
const SERVER = process.env['VANTAGE_SERVER']
const SERVER_ENVIRONMENT = {
  ...(SERVER === undefined ? {} : { NODE_COMPILE_CACHE: join(dirname(SERVER), 'compiled') }),
  MALLOC_ARENA_MAX: '2',
  MALLOC_TRIM_THRESHOLD_: '65536',
  MALLOC_MMAP_THRESHOLD_: '8388608',
}

/** Vantage as it is shipped (VANTAGE_SERVER names the one-file server), else from its source. */
export const VANTAGE: Peer = {
  name: 'vantage',
  binary: process.execPath,
  script: [
    ...(process.env['VANTAGE_SERVER_NODE_FLAGS'] ?? SERVER_FLAGS).split(' ').filter((flag) => flag !== ''),
    SERVER ?? join(CHECKOUT, 'apps/server/src/main.ts'),
  ],
  versionArguments: ['--version'],
  prepare: async (directory, port) => ['--data', join(directory, 'data'), '--listen', `127.0.0.1:${port}`],
  environment: {
    ...SERVER_ENVIRONMENT,
    VANTAGE_OTLP_GRPC_PORT: '0',
    VANTAGE_OTLP_HTTP_PORT: '0',
    VANTAGE_STREAM_PORT: '0',
  },
  readyPath: '/-/ready',
  writePath: '/api/v1/write',
  acceptedPattern: /^vantage_acked_items_total\{[^}]*receiver="remote-write"/,
}

/** The newest samples must not fall out of retention, whatever time the load begins at: months. */
const RETENTION_MONTHS = '1200'

const VICTORIA_METRICS: Peer = {
  name: 'victoriametrics',
  binary: findProgram('VICTORIA_METRICS_BIN', 'victoria-metrics'),
  script: [],
  versionArguments: ['-version'],
  prepare: async (directory, port) => [
    `-storageDataPath=${join(directory, 'data')}`,
    `-httpListenAddr=127.0.0.1:${port}`,
    `-retentionPeriod=${RETENTION_MONTHS}`,
  ],
  environment: {},
  readyPath: '/health',
  writePath: '/api/v1/write',
  acceptedPattern: /^vm_rows_inserted_total\{type="promremotewrite"\}/,
}

const PROMETHEUS: Peer = {
  name: 'prometheus',
  binary: findProgram('PROMETHEUS_BIN', 'prometheus'),
  script: [],
  versionArguments: ['--version'],
  prepare: preparePrometheus,
  environment: {},
  readyPath: '/-/ready',
  writePath: '/api/v1/write',
  acceptedPattern: /^prometheus_tsdb_head_samples_appended_total(?:\{type="float"\})? /,
}

async function preparePrometheus(directory: string, port: number): Promise<string[]> {
  const config = join(directory, 'prometheus.yml')
  await mkdir(join(directory, 'data'), { recursive: true })
  await writeFile(config, 'global: {}\n')
  return [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    '--storage.tsdb.retention.time=100y',
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.enable-remote-write-receiver',
    '--web.enable-admin-api',
    '--log.level=warn',
  ]
}

const PEERS: readonly Peer[] = [VANTAGE, VICTORIA_METRICS, PROMETHEUS]

/** Those that are asked for and installed; the others are named. */
export function availablePeers({ only, note }: BenchOptions): Peer[] {
  const wanted = PEERS.filter(({ name }) => only.length === 0 || only.includes(name))
  return wanted.filter((peer) => {
    if (peer.binary === undefined) note(`${peer.name} is not installed: skipped`)
    return peer.binary !== undefined
  })
}

export function isPeerName(name: string): name is PeerName {
  return PEERS.some((peer) => peer.name === name)
}

/** `vantage 0.1.0 (Node v24.21.0)`, one line a peer. */
export function peerVersions(): string[] {
  const manifest: { version: string } = JSON.parse(readFileSync(join(CHECKOUT, 'apps/server/package.json'), 'utf8'))
  return PEERS.map((peer) => {
    const version = peer === VANTAGE ? `vantage ${manifest.version}, Node ${process.version}` : versionOf(peer)
    return `${peer.name}: ${version}`
  })
}
