import { encodeAck, encodePushSummary, readBatchIdentity } from '@vantage/decode/stream'
import type { Logger } from '@vantage/observe'
import { type GrpcServer, type Reception, startExportGrpc, startStreamDoor } from '@vantage/receive'
import type { LoadedConfig } from './config/load.ts'
import { PortTakenError } from './listen.ts'

/** Doors that are closed together. */
export interface GrpcDoors {
  /** No new calls; running ones have `graceMs`, then they are cut. */
  close(graceMs: number): Promise<void>
}

/** Opens OTLP/gRPC and, where it has a port, Jaeger's; a taken port is a warning unless it was asked for by name. */
export async function openGrpc(loaded: LoadedConfig, reception: Reception, logger: Logger): Promise<GrpcDoors> {
  const { host, otlp, jaeger } = loaded.config
  const ports = [
    { port: otlp.grpcPort, what: 'VANTAGE_OTLP_GRPC_PORT', isGiven: loaded.given.has('otlp.grpcPort') },
    { port: jaeger.grpcPort, what: 'VANTAGE_JAEGER_GRPC_PORT', isGiven: loaded.given.has('jaeger.grpcPort') },
  ]
  const doors: GrpcServer[] = []
  for (const one of ports) {
    const open = () => startExportGrpc({ host, port: one.port, reception })
    const door = await openPort({ host, ...one }, logger, open)
    if (door !== undefined) doors.push(door)
  }
  return {
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
