import type { Logger } from '@vantage/observe'
import type { Reception } from '@vantage/receive'
import type { Config } from './config/schema.ts'

export interface GrpcDoor {
  close(graceMs: number): Promise<void>
}

export async function startGrpc(
  _config: Config,
  _given: ReadonlySet<string>,
  _reception: Reception,
  _logger: Logger,
): Promise<GrpcDoor | undefined> {
  return undefined
}
