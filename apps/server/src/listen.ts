import type { Logger } from '@vantage/observe'
import type { FastifyInstance } from 'fastify'

/** Ports tried after the main one where it is taken and was not asked for by name. */
const MAIN_ATTEMPTS = 10

export interface ListenRequest {
  readonly app: FastifyInstance
  readonly host: string
  readonly port: number
  readonly what: string
  /** Given by name: a taken port is then a failure. */
  readonly isGiven: boolean
}

export class PortTakenError extends Error {}

/** @returns the port, or undefined where it is taken: one warning line, as nobody asked for it by name */
export async function listenOptional(request: ListenRequest, logger: Logger): Promise<number | undefined> {
  if (await tryListen(request)) return portOf(request.app)
  if (request.isGiven) throw new PortTakenError(`${request.what}: port ${request.port} of ${request.host} is taken`)
  logger.warn('a port is taken; this door stays closed', { what: request.what, port: request.port })
  return undefined
}

/** The main port: where it is taken and was not asked for, the next free one. */
export async function listenMain(request: ListenRequest, logger: Logger): Promise<number> {
  for (let attempt = 0; attempt < MAIN_ATTEMPTS; attempt++) {
    const port = request.port === 0 ? 0 : request.port + attempt
    if (await tryListen({ ...request, port })) return portOf(request.app)
    if (request.isGiven) break
    logger.warn('the port is taken; trying the next', { what: request.what, port })
  }
  throw new PortTakenError(`${request.what}: port ${request.port} of ${request.host} is taken`)
}

async function tryListen({ app, host, port }: ListenRequest): Promise<boolean> {
  try {
    await app.listen({ host, port })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false
    throw error
  }
}

function portOf(app: FastifyInstance): number {
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
