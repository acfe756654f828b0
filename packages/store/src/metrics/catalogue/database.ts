// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node modules lacks node:sqlite
import { DatabaseSync } from 'node:sqlite'

/**
 * One thread has the file to itself: nothing of it is shared. Rows are few and changes rare, so pages are small and go from
 * the write-ahead log to the file at once: what lies on disk is what it says.
 */
const SETTINGS = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA page_size = 1024;
  PRAGMA journal_mode = WAL;
  PRAGMA journal_size_limit = 0;
  PRAGMA wal_autocheckpoint = 1;
  PRAGMA synchronous = FULL;
  PRAGMA foreign_keys = ON
`

/**
 * Opens or creates a catalogue's database; each of its transactions is synced before it answers.
 * @param versionMax the newest form that is understood
 * @returns with the version of the file; 0 = it is new
 * @throws Error where a newer release wrote the file
 */
export function openDatabase(path: string, versionMax: number): { database: DatabaseSync; version: number } {
  const database = new DatabaseSync(path)
  database.exec(SETTINGS)
  const version = (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version
  if (version <= versionMax) return { database, version }
  database.close()
  throw new Error(`catalogue version ${version}: want at most ${versionMax}; it was written by a newer release`)
}

/** All of `work` or nothing of it. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const value = work()
    database.exec('COMMIT')
    return value
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
