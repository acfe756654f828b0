import { encodeAck, encodePushSummary, readBatchIdentity } from '@vantage/decode/stream'
import type { Logger } from '@vantage/observe'
import { type OtlpGrpcDoor, type Reception, type StreamDoor, startOtlpGrpc, startStreamDoor } from '@vantage/receive'
import type { LoadedConfig } from './config/load.ts'
import { PortTakenError } from './listen.ts'

/** Opens OTLP/gRPC where it is not switched off; a taken port is a warning unless it was asked for by name. */
export function openGrpc(
  loaded: LoadedConfig,
  reception: Reception,
  logger: Logger,
): Promise<OtlpGrpcDoor | undefined> {
  const { host, otlp } = loaded.config
  const port = otlp.grpcPort
  const isGiven = loaded.given.has('otlp.grpcPort')
  return openPort({ host, port, what: 'VANTAGE_OTLP_GRPC_PORT', isGiven }, logger, () =>
    startOtlpGrpc({ host, port, reception }),
  )
}

/** The same for the telemetry stream. */
export function openStream(
  loaded: LoadedConfig,
  reception: Reception,
  logger: Logger,
): Promise<StreamDoor | undefined> {
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
