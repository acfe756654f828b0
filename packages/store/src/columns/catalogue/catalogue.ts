// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node modules lacks node:sqlite
import type { DatabaseSync } from 'node:sqlite'
import { unreachable } from '@vantage/model'
import { inTransaction, openDatabase } from '../../metrics/catalogue/database.ts'
import { selectionFromJson, selectionToJson } from '../deletions.ts'
import type {
  ArchivedTrace,
  CatalogueAnswer,
  CatalogueRequest,
  CatalogueState,
  DeleteRow,
  FileRow,
  NewFile,
} from './protocol.ts'

/** Version of the tables below; a newer one is refused. */
const CATALOGUE_VERSION = 2

const TABLES = `
  CREATE TABLE IF NOT EXISTS files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    signal TEXT NOT NULL,
    tenant TEXT NOT NULL,
    file_name TEXT NOT NULL UNIQUE,
    level INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    min_time_ns INTEGER NOT NULL,
    max_time_ns INTEGER NOT NULL,
    from_offset INTEGER NOT NULL,
    to_offset INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    services TEXT NOT NULL,
    arrived_ms REAL NOT NULL,
    deleted_to INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS deletes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    signal TEXT NOT NULL,
    tenant TEXT NOT NULL,
    matchers TEXT NOT NULL,
    start_ns INTEGER NOT NULL,
    end_ns INTEGER NOT NULL,
    log_offset INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS offsets (
    topic TEXT PRIMARY KEY,
    to_offset INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS archived (
    tenant TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    start_ns INTEGER NOT NULL,
    end_ns INTEGER NOT NULL,
    PRIMARY KEY (tenant, trace_id)
  ) STRICT;
`

/**
 * Which files exist and how far each topic is sealed: SQLite, one transaction per change, synced before it answers.
 * The offset of a topic *is* the largest `to` that was sealed, so rows are in the log or in a file, never in neither.
 */
export class Catalogue {
  readonly #database: DatabaseSync

  /** @throws Error where the file was written by a newer version */
  constructor(path: string) {
    this.#database = openDatabase(path, CATALOGUE_VERSION).database
    this.#transaction(() => {
      this.#database.exec(TABLES)
      this.#database.exec(`PRAGMA user_version = ${CATALOGUE_VERSION}`)
    })
  }

  answer(request: CatalogueRequest): CatalogueAnswer {
    switch (request.kind) {
      case 'load':
        return { kind: 'state', state: this.#load() }
      case 'seal': {
        const { files, deletes, topic, toOffset } = request
        return { kind: 'ids', ids: this.#transaction(() => this.#seal(files, deletes, topic, toOffset)) }
      }
      case 'replace': {
        const ids = this.#transaction(() => {
          this.#remove(request.removed)
          return request.file === undefined ? [] : [this.#insert(request.file)]
        })
        return { kind: 'ids', ids }
      }
      case 'settle':
        this.#database.prepare('UPDATE files SET deleted_to = ? WHERE id = ?').run(request.deletedTo, request.file)
        return { kind: 'ids', ids: [] }
      case 'forget':
        this.#transaction(() => this.#forget(request.deletes))
        return { kind: 'ids', ids: [] }
      case 'archive':
        this.#archive(request.trace)
        return { kind: 'ids', ids: [] }
      case 'unarchive':
        this.#database
          .prepare('DELETE FROM archived WHERE tenant = ? AND trace_id = ?')
          .run(request.tenant, request.traceId)
        return { kind: 'ids', ids: [] }
      case 'drop':
        this.#transaction(() => this.#remove(request.removed))
        return { kind: 'ids', ids: [] }
      case 'copy':
        this.#database.prepare('VACUUM INTO ?').run(request.path)
        return { kind: 'ids', ids: [] }
      default:
        return unreachable(request)
    }
  }

  close(): void {
    this.#database.close()
  }

  #load(): CatalogueState {
    const select = this.#database.prepare('SELECT * FROM files ORDER BY from_offset, to_offset, id')
    // Times do not fit a double.
    select.setReadBigInts(true)
    const offsets: Record<string, number> = {}
    for (const row of this.#database.prepare('SELECT topic, to_offset FROM offsets').all()) {
      offsets[String(row['topic'])] = Number(row['to_offset'])
    }
    const deletes = this.#database.prepare('SELECT * FROM deletes ORDER BY log_offset')
    deletes.setReadBigInts(true)
    const archived = this.#database.prepare('SELECT * FROM archived')
    archived.setReadBigInts(true)
    return {
      files: select.all().map(fileOf),
      offsets,
      deletes: deletes.all().map(deleteOf),
      archived: archived.all().map(archivedOf),
    }
  }

  #seal(files: readonly NewFile[], deletes: readonly DeleteRow[], topic: string, toOffset: number): number[] {
    const ids = files.map((file) => this.#insert(file))
    for (const one of deletes) this.#insertDelete(one)
    this.#database
      .prepare(
        `INSERT INTO offsets (topic, to_offset) VALUES (?, ?)
         ON CONFLICT (topic) DO UPDATE SET to_offset = MAX(to_offset, excluded.to_offset)`,
      )
      .run(topic, toOffset)
    return ids
  }

  #insert(file: NewFile): number {
    const result = this.#database
      .prepare(
        `INSERT INTO files (signal, tenant, file_name, level, rows, bytes, min_time_ns, max_time_ns, from_offset,
           to_offset, checksum, services, arrived_ms, deleted_to)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        file.signal,
        file.tenant,
        file.fileName,
        file.level,
        file.rows,
        file.bytes,
        file.minTimeNs,
        file.maxTimeNs,
        file.fromOffset,
        file.toOffset,
        file.checksum,
        JSON.stringify(file.services),
        file.arrivedMs,
        file.deletedTo,
      )
    return Number(result.lastInsertRowid)
  }

  #insertDelete({ signal, tenant, tombstone }: DeleteRow): void {
    const { startNs, endNs, offset } = tombstone
    this.#database
      .prepare('INSERT INTO deletes (signal, tenant, matchers, start_ns, end_ns, log_offset) VALUES (?, ?, ?, ?, ?, ?)')
      .run(signal, tenant, JSON.stringify(selectionToJson(tombstone)), startNs, endNs, offset)
  }

  #archive({ tenant, traceId, startNs, endNs }: ArchivedTrace): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO archived (tenant, trace_id, start_ns, end_ns) VALUES (?, ?, ?, ?)')
      .run(tenant, traceId, startNs, endNs)
  }

  #forget(deletes: readonly DeleteRow[]): void {
    const statement = this.#database.prepare('DELETE FROM deletes WHERE signal = ? AND tenant = ? AND log_offset = ?')
    for (const { signal, tenant, tombstone } of deletes) statement.run(signal, tenant, tombstone.offset)
  }

  #remove(ids: readonly number[]): void {
    const statement = this.#database.prepare('DELETE FROM files WHERE id = ?')
    for (const id of ids) {
      if (Number(statement.run(id).changes) !== 1) throw new Error(`file ${id} is not in the catalogue`)
    }
  }

  #transaction<T>(work: () => T): T {
    return inTransaction(this.#database, work)
  }
}

function fileOf(row: Record<string, unknown>): FileRow {
  return {
    id: Number(row['id']),
    signal: row['signal'] === 'spans' ? 'spans' : 'logs',
    tenant: String(row['tenant']),
    fileName: String(row['file_name']),
    level: Number(row['level']),
    rows: Number(row['rows']),
    bytes: Number(row['bytes']),
    minTimeNs: row['min_time_ns'] as bigint,
    maxTimeNs: row['max_time_ns'] as bigint,
    fromOffset: Number(row['from_offset']),
    toOffset: Number(row['to_offset']),
    checksum: Number(row['checksum']),
    services: JSON.parse(String(row['services'])) as string[],
    arrivedMs: Number(row['arrived_ms']),
    deletedTo: Number(row['deleted_to']),
  }
}

function archivedOf(row: Record<string, unknown>): ArchivedTrace {
  return {
    tenant: String(row['tenant']),
    traceId: String(row['trace_id']),
    startNs: row['start_ns'] as bigint,
    endNs: row['end_ns'] as bigint,
  }
}

function deleteOf(row: Record<string, unknown>): DeleteRow {
  return {
    signal: row['signal'] === 'spans' ? 'spans' : 'logs',
    tenant: String(row['tenant']),
    tombstone: {
      ...selectionFromJson(JSON.parse(String(row['matchers']))),
      startNs: row['start_ns'] as bigint,
      endNs: row['end_ns'] as bigint,
      offset: Number(row['log_offset']),
    },
  }
}
