import type { Socket } from 'node:net'
import { encodeAck, encodePushSummary, readBatchIdentity } from '@vantage/decode/stream'
import type { Logger } from '@vantage/observe'
import { type GrpcServer, type Reception, startExportGrpc, startQueryGrpc, startStreamDoor } from '@vantage/receive'
import type { LoadedConfig } from './config/load.ts'
import type { AppDeps } from './http/app.ts'
import { PortTakenError } from './listen.ts'

/** Doors that are closed together. */
export interface GrpcDoors {
  /** Serves questions on a connection of a port of HTTP. */
  take(socket: Socket): void
  /** No new calls; running ones have `graceMs`, then they are cut. */
  close(graceMs: number): Promise<void>
}

/** Where Jaeger's clients ask over gRPC, opened by `--compat`. */
const JAEGER_QUERY_PORT = 16685

/** What doors of gRPC need beside the configuration. */
export type GrpcDeps = Pick<AppDeps, 'reception' | 'rpcs' | 'senderRpcs' | 'unreadyFault'>

/**
 * Opens OTLP/gRPC and, where they have ports, Jaeger's doors; a taken port is a warning unless it was asked for by name.
 */
export async function openGrpc(loaded: LoadedConfig, deps: GrpcDeps, logger: Logger): Promise<GrpcDoors> {
  const { host, otlp, jaeger, compat } = loaded.config
  const { reception, rpcs, senderRpcs, unreadyFault: unready } = deps
  const methodsOf = (all: typeof rpcs) =>
    all.map(({ service, name, permission, handle }) => ({ service, name, scope: permission, answer: handle }))
  const questions = { methods: methodsOf(senderRpcs), unready }
  const intake = (port: number) => () => startExportGrpc({ host, port, reception, questions })
  const methods = methodsOf(rpcs)
  const query = (port: number | undefined) => () => startQueryGrpc({ host, port, reception, methods, unready })
  const queryPort = jaeger.grpcQueryPort ?? (compat ? JAEGER_QUERY_PORT : 0)
  const ports = [
    { key: 'otlp.grpcPort', port: otlp.grpcPort, what: 'VANTAGE_OTLP_GRPC_PORT', start: intake },
    { key: 'jaeger.grpcPort', port: jaeger.grpcPort, what: 'VANTAGE_JAEGER_GRPC_PORT', start: intake },
    { key: 'jaeger.grpcQueryPort', port: queryPort, what: 'VANTAGE_JAEGER_GRPC_QUERY_PORT', start: query },
  ]
  const beside = await query(undefined)()
  const doors = [beside]
  for (const { key, start, ...one } of ports) {
    const door = await openPort({ host, ...one, isGiven: loaded.given.has(key) }, logger, start(one.port))
    if (door !== undefined) doors.push(door)
  }
  return {
    take: (socket) => beside.take(socket),
    close: async (graceMs) => {
      await Promise.all(doors.map((door) => door.close(graceMs)))
    },
  }
}

/** The same for the telemetry stream. */
export function openStream(
  loaded: LoadedConfig,
  reception: Reception,
  logger: Logger,
): Promise<GrpcServer | undefined> {
  const { host, stream } = loaded.config
  const { port } = stream
  const codec = { readBatchIdentity, encodeAck, encodePushSummary }
  const isGiven = loaded.given.has('stream.port')
  return openPort({ host, port, what: 'VANTAGE_STREAM_PORT', isGiven }, logger, () =>
    startStreamDoor({ host, port, reception, codec }),
  )
}

interface Port {
  readonly host: string
  /** 0 = off. */
  readonly port: number
  /** The variable that sets it. */
  readonly what: string
  readonly isGiven: boolean
}

async function openPort<T>(
  { host, port, what, isGiven }: Port,
  logger: Logger,
  open: () => Promise<T>,
): Promise<T | undefined> {
  if (port === 0) return undefined
  try {
    return await open()
  } catch (error) {
    if (!String(error).includes('EADDRINUSE')) throw error
    if (isGiven) throw new PortTakenError(`${what}: port ${port} of ${host} is taken`)
    logger.warn('a port is taken; this door stays closed', { what, port })
    return undefined
  }
}
