import type { Logger } from '@vantage/observe'
import { type OtlpGrpcDoor, type Reception, startOtlpGrpc } from '@vantage/receive'
import type { LoadedConfig } from './config/load.ts'
import { PortTakenError } from './listen.ts'

/** Opens OTLP/gRPC where it is not switched off; a taken port is a warning unless it was asked for by name. */
export async function openGrpc(
  { config, given }: LoadedConfig,
  reception: Reception,
  logger: Logger,
): Promise<OtlpGrpcDoor | undefined> {
  const port = config.otlp.grpcPort
  if (port === 0) return undefined
  try {
    return await startOtlpGrpc({ host: config.host, port, reception })
  } catch (error) {
    if (!String(error).includes('EADDRINUSE')) throw error
    if (given.has('otlp.grpcPort')) {
      throw new PortTakenError(`VANTAGE_OTLP_GRPC_PORT: port ${port} of ${config.host} is taken`)
    }
    logger.warn('a port is taken; this door stays closed', { what: 'VANTAGE_OTLP_GRPC_PORT', port })
    return undefined
  }
}
