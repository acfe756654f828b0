import { readFileSync } from 'node:fs'
import { JaegerAgentReader } from '@vantage/decode/jaeger'
import { StatsdMapper } from '@vantage/decode/statsd'
import { err, type Fault, fault, type Result } from '@vantage/model'
import {
  openInfluxUdp,
  openJaegerUdp,
  openStatsd,
  openStatsdSocket,
  QuietCounts,
  type Reception,
} from '@vantage/receive'
import { isLoopback, type LoadedConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { PortTakenError } from '../listen.ts'
import type { DecoderLimits } from './decoders.ts'
import { StatsdIntake } from './statsd-intake.ts'

/** The usual ports, opened by `--compat` on loopback where nothing else is configured. */
const STATSD_PORT = 8125
const INFLUX_UDP_PORT = 8089
const JAEGER_COMPACT_PORT = 6831
const JAEGER_BINARY_PORT = 6832

/** The mapping file of StatsD cannot be read or is wrong. */
export class MappingFileError extends Error {}

/** The doors that never answer: StatsD over UDP, TCP and a unix socket, InfluxDB lines and Jaeger's batches over UDP. */
export interface QuietDoors {
  readonly ports: readonly number[]
  /** Closes the sockets, then stores what they gathered. */
  close(): Promise<void>
}

interface Opened {
  readonly port: number
  close(): Promise<void>
}

/** A door of datagrams: what sets its port, and the port, 0 for none. */
interface DatagramDoor {
  readonly what: string
  readonly key: string
  readonly port: number
  readonly open: (port: number) => Promise<Opened>
}

/** @throws PortTakenError where a port was asked for by name; MappingFileError */
export async function openQuietDoors(
  { config, given }: LoadedConfig,
  reception: Reception,
  limits: DecoderLimits,
): Promise<QuietDoors> {
  const counts = new QuietCounts(reception.registry)
  const closers: (() => Promise<void>)[] = []
  const ports: number[] = []
  const { host, statsd, influx, jaeger, compat } = config
  // These doors ask for no credential: where others can reach them, only who names a port opens it.
  const isUsual = compat && isLoopback(host)
  const statsdPort = statsd.port || (isUsual ? STATSD_PORT : 0)
  if (statsdPort > 0 || statsd.socket !== undefined) {
    const intake = statsdIntake(config, reception, counts, limits)
    const shared = { reception, counts, onLine: (line: string) => intake.line(line) }
    const open = () => openStatsd({ ...shared, host, port: statsdPort })
    const door =
      statsdPort > 0
        ? await opened('VANTAGE_STATSD_PORT', statsdPort, given.has('statsd.port'), config, reception, open)
        : undefined
    const socket = statsd.socket === undefined ? undefined : await openedSocket({ ...shared, path: statsd.socket })
    if (door !== undefined) ports.push(door.port)
    closers.push(async () => {
      await Promise.all([door?.close(), socket?.close()])
      await intake.close()
    })
  }
  const jaegerDoor = (port: number) => {
    const reader = new JaegerAgentReader()
    return openJaegerUdp({ host, port, reception, counts, readBatch: (datagram) => reader.batchOf(datagram) })
  }
  const datagrams: readonly DatagramDoor[] = [
    {
      what: 'VANTAGE_INFLUX_UDP_PORT',
      key: 'influx.udpPort',
      port: influx.udpPort || (isUsual ? INFLUX_UDP_PORT : 0),
      open: (port) => openInfluxUdp({ host, port, reception, counts }),
    },
    {
      what: 'VANTAGE_JAEGER_COMPACT_PORT',
      key: 'jaeger.compactPort',
      port: jaeger.compactPort || (isUsual ? JAEGER_COMPACT_PORT : 0),
      open: jaegerDoor,
    },
    {
      what: 'VANTAGE_JAEGER_BINARY_PORT',
      key: 'jaeger.binaryPort',
      port: jaeger.binaryPort || (isUsual ? JAEGER_BINARY_PORT : 0),
      open: jaegerDoor,
    },
  ]
  for (const { what, key, port, open } of datagrams) {
    if (port === 0) continue
    const door = await opened(what, port, given.has(key), config, reception, () => open(port))
    if (door === undefined) continue
    ports.push(door.port)
    closers.push(() => door.close())
  }
  return { ports, close: async () => void (await Promise.all(closers.map((close) => close()))) }
}

function statsdIntake(
  { statsd }: Config,
  reception: Reception,
  counts: QuietCounts,
  limits: DecoderLimits,
): StatsdIntake {
  const mapper = readMapper(statsd.mapping)
  if (!mapper.ok) throw new MappingFileError(`statsd.mapping: ${mapper.error.message}`)
  return new StatsdIntake({
    reception,
    counts,
    mapper: mapper.value,
    limits,
    flushIntervalMs: statsd.flushInterval ?? 10_000,
    seriesMax: statsd.maxSeries,
  })
}

function readMapper(file: string | undefined): Result<StatsdMapper, Fault> {
  if (file === undefined) return StatsdMapper.parse('')
  try {
    return StatsdMapper.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    return err(fault('bad_request', (error as Error).message))
  }
}

async function openedSocket(options: Parameters<typeof openStatsdSocket>[0]): Promise<{ close(): Promise<void> }> {
  try {
    return await openStatsdSocket(options)
  } catch (error) {
    throw new PortTakenError(`VANTAGE_STATSD_SOCKET: ${options.path}: ${(error as Error).message}`)
  }
}

/** A taken port is a warning unless it was asked for by name. */
async function opened(
  what: string,
  port: number,
  isGiven: boolean,
  { host }: Config,
  reception: Reception,
  open: () => Promise<Opened>,
): Promise<Opened | undefined> {
  try {
    return await open()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    if (isGiven) throw new PortTakenError(`${what}: port ${port} of ${host} is taken`)
    reception.logger.warn('a port is taken; this door stays closed', { what, port })
    return undefined
  }
}
