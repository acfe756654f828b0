import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { serve, type WorkerPort } from '../worker-port.ts'
import { Catalogue } from './catalogue.ts'
import type { CatalogueAnswer, CatalogueRequest } from './protocol.ts'

export interface CatalogueData {
  /** The database file; its directory is created. */
  readonly path: string
}

/** The catalogue's thread: the only one that opens the database. Call once, with the port to the main thread. */
export function runCatalogue(port: WorkerPort, data: CatalogueData): void {
  mkdirSync(dirname(data.path), { recursive: true })
  let catalogue: Catalogue | undefined
  serve<CatalogueRequest, CatalogueAnswer>(port, (request) => {
    // Opened by the first request, so that a file that cannot be opened is that request's failure.
    catalogue ??= new Catalogue(data.path)
    return catalogue.answer(request)
  })
}
