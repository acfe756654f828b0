import { setImmediate } from 'node:timers/promises'
import { type Fault, type FileSystem, fault, readAll, writeAll } from '@vantage/model'

/** What lies in a store's directory. */
export const CATALOGUE_FILE = 'catalogue.sqlite'
export const PARTS_DIRECTORY = 'parts'

/** Names of what lies in a store's directory. */
export interface StoreLayout {
  readonly files: string
  readonly catalogue: string
}

const COPY_BYTES = 1024 * 1024
/** Links made in one turn of the event loop: some 10 µs each. */
const LINKS_PER_TURN = 256

/** Failures of `link` that say the volume or its options do not have it, and more links than a file may have. */
const NO_LINKS: ReadonlySet<string> = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/**
 * Puts the files of a store into the new directory `to`, as it lays them, and the catalogue beside them; all of it is synced.
 * Nothing may change the store meanwhile: the caller keeps seals and merges away. Throws what the file system throws.
 * @param from where they lie now
 * @param names in `from`; they are complete and never change again, so a second name is a copy
 * @param copyCatalogue writes the catalogue to a path
 */
export async function copyStore(
  files: FileSystem,
  from: string,
  to: string,
  layout: StoreLayout,
  names: readonly string[],
  copyCatalogue: (path: string) => Promise<unknown>,
): Promise<void> {
  const folder = `${to}/${layout.files}`
  const cataloguePath = `${to}/${layout.catalogue}`
  files.makeDirectory(folder)
  let hasLinks = true
  for (const [i, name] of names.entries()) {
    if (i % LINKS_PER_TURN === LINKS_PER_TURN - 1) await setImmediate()
    hasLinks &&= isLinked(files, `${from}/${name}`, `${folder}/${name}`)
    if (!hasLinks) await copyFile(files, `${from}/${name}`, `${folder}/${name}`)
  }
  await copyCatalogue(cataloguePath)
  const catalogue = files.open(cataloguePath, 'write')
  try {
    await catalogue.sync()
  } finally {
    catalogue.close()
  }
  await files.syncDirectory(folder)
  await files.syncDirectory(to)
}

/** What the caller hears: no path of this machine. */
export function snapshotFault(error: unknown): Fault {
  const why = (error as { code?: string }).code ?? 'see the warnings of /-/ready'
  return fault('unavailable', `snapshot: it was not written (${why})`, { retryAfterSeconds: 30 })
}

function isLinked(files: FileSystem, from: string, to: string): boolean {
  try {
    files.link(from, to)
    return true
  } catch (error) {
    if (!NO_LINKS.has((error as { code?: string }).code ?? '')) throw error
    return false
  }
}

async function copyFile(files: FileSystem, from: string, to: string): Promise<void> {
  const source = files.open(from, 'read')
  try {
    const target = files.open(to, 'create')
    try {
      const room = new Uint8Array(COPY_BYTES)
      for (let at = 0; ; ) {
        const count = await readAll(source, room, 0, COPY_BYTES, at)
        if (count === 0) break
        await writeAll(target, room, 0, count, at)
        at += count
      }
      await target.sync()
    } finally {
      target.close()
    }
  } finally {
    source.close()
  }
}
