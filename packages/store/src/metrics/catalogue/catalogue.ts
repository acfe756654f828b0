// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node modules lacks node:sqlite
import type { DatabaseSync } from 'node:sqlite'
import { unreachable } from '@vantage/model'
import { ageFromMs } from '../retention.ts'
import { matchersFromJson, matchersToJson } from '../tombstones.ts'
import { inTransaction, openDatabase } from './database.ts'
import type {
  CatalogueAnswer,
  CatalogueRequest,
  CatalogueState,
  DeleteRow,
  NewPart,
  NewTier,
  PartRow,
  TierRow,
} from './protocol.ts'

/** Version of the tables below; a newer one is refused, older ones are listed in `migrate`. */
const CATALOGUE_VERSION = 3

const TABLES = `
  CREATE TABLE IF NOT EXISTS parts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    file_name TEXT NOT NULL UNIQUE,
    level INTEGER NOT NULL,
    min_time_ms REAL NOT NULL,
    max_time_ms REAL NOT NULL,
    from_offset INTEGER NOT NULL,
    to_offset INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    series_count INTEGER NOT NULL,
    sample_count INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    arrived_ms REAL NOT NULL,
    deleted_to INTEGER NOT NULL DEFAULT 0,
    age_from_ms REAL NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE IF NOT EXISTS tiers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    file_name TEXT NOT NULL UNIQUE,
    tier INTEGER NOT NULL,
    part_id INTEGER NOT NULL,
    min_time_ms REAL NOT NULL,
    max_time_ms REAL NOT NULL,
    from_offset INTEGER NOT NULL,
    to_offset INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    series_count INTEGER NOT NULL,
    bucket_count INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    deleted_to INTEGER NOT NULL,
    age_from_ms REAL NOT NULL,
    is_whole INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS offsets (
    topic TEXT PRIMARY KEY,
    to_offset INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS deletes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    matchers TEXT NOT NULL,
    start_ms REAL NOT NULL,
    end_ms REAL NOT NULL,
    log_offset INTEGER NOT NULL
  ) STRICT;
`

/** From version 1: parts had no deletions to know. */
const FROM_VERSION_1 = `
  ALTER TABLE parts ADD COLUMN deleted_to INTEGER NOT NULL DEFAULT 0;
  UPDATE parts SET deleted_to = to_offset;
`

/** From version 2: ages were not written down. */
const FROM_VERSION_2 = 'ALTER TABLE parts ADD COLUMN age_from_ms REAL NOT NULL DEFAULT 0'

/**
 * Which parts exist and how far the log is sealed: SQLite, one transaction per change, synced before it answers.
 * The offset of a topic *is* the largest `to` that was sealed, so data is in the log or in a part, never in neither.
 */
export class Catalogue {
  readonly #database: DatabaseSync

  /** @throws Error where the file was written by a newer version */
  constructor(path: string) {
    const { database, version } = openDatabase(path, CATALOGUE_VERSION)
    this.#database = database
    this.#transaction(() => {
      if (version === 1) this.#database.exec(FROM_VERSION_1)
      if (version === 1 || version === 2) {
        this.#database.exec(FROM_VERSION_2)
        this.#writeAges()
      }
      this.#database.exec(TABLES)
      this.#database.exec(`PRAGMA user_version = ${CATALOGUE_VERSION}`)
    })
  }

  answer(request: CatalogueRequest): CatalogueAnswer {
    switch (request.kind) {
      case 'load':
        return { kind: 'state', state: this.#load() }
      case 'seal': {
        const ids = this.#transaction(() => {
          const inserted = request.parts.map((part) => this.#insert(part))
          this.#database
            .prepare(
              `INSERT INTO offsets (topic, to_offset) VALUES (?, ?)
               ON CONFLICT (topic) DO UPDATE SET to_offset = MAX(to_offset, excluded.to_offset)`,
            )
            .run(request.topic, request.toOffset)
          this.#insertDeletes(request.deletes)
          return inserted
        })
        return { kind: 'ids', ids }
      }
      case 'merge': {
        const ids = this.#transaction(() => {
          this.#remove('parts', request.removed)
          const ids = request.part === undefined ? [] : [this.#insert(request.part)]
          if (request.keepsTiers) this.#moveTiers(request.removed, ids[0] ?? 0)
          else this.#removeTiersOf(request.removed)
          return ids
        })
        return { kind: 'ids', ids }
      }
      case 'drop':
        this.#transaction(() => {
          this.#remove('parts', request.removed)
          this.#moveTiers(request.removed, 0)
        })
        return { kind: 'done' }
      case 'tiers': {
        const ids = this.#transaction(() => {
          this.#remove('tiers', request.removed)
          return request.tiers.map((tier) => this.#insertTier(tier))
        })
        return { kind: 'ids', ids }
      }
      case 'settleTier':
        this.#database.prepare('UPDATE tiers SET deleted_to = ? WHERE id = ?').run(request.deletedTo, request.tier)
        return { kind: 'done' }
      case 'settle':
        this.#database.prepare('UPDATE parts SET deleted_to = ? WHERE id = ?').run(request.deletedTo, request.part)
        return { kind: 'done' }
      case 'forget':
        this.#transaction(() => this.#forget(request.deletes))
        return { kind: 'done' }
      case 'copy':
        this.#database.prepare('VACUUM INTO ?').run(request.path)
        return { kind: 'done' }
      case 'close':
        this.#database.close()
        return { kind: 'done' }
      default:
        return unreachable(request)
    }
  }

  #load(): CatalogueState {
    const rows = this.#database.prepare('SELECT * FROM parts ORDER BY from_offset, to_offset, id').all()
    const offsets: Record<string, number> = Object.create(null)
    for (const row of this.#database.prepare('SELECT topic, to_offset FROM offsets').all()) {
      offsets[String(row['topic'])] = Number(row['to_offset'])
    }
    const deletes = this.#database.prepare('SELECT * FROM deletes ORDER BY log_offset').all().map(deleteOf)
    const tiers = this.#database.prepare('SELECT * FROM tiers ORDER BY from_offset, to_offset, id').all().map(tierOf)
    return { parts: rows.map(partOf), tiers, offsets: { ...offsets }, deletes }
  }

  #writeAges(): void {
    const statement = this.#database.prepare('UPDATE parts SET age_from_ms = ? WHERE id = ?')
    for (const row of this.#database.prepare('SELECT id, max_time_ms, arrived_ms FROM parts').all()) {
      statement.run(ageFromMs(Number(row['max_time_ms']), Number(row['arrived_ms'])), Number(row['id']))
    }
  }

  #insertDeletes(deletes: readonly DeleteRow[]): void {
    const statement = this.#database.prepare(
      'INSERT INTO deletes (tenant, matchers, start_ms, end_ms, log_offset) VALUES (?, ?, ?, ?, ?)',
    )
    for (const { tenant, tombstone } of deletes) {
      const matchers = JSON.stringify(matchersToJson(tombstone.matchers))
      statement.run(tenant, matchers, tombstone.startMs, tombstone.endMs, tombstone.offset)
    }
  }

  #forget(deletes: readonly DeleteRow[]): void {
    const statement = this.#database.prepare('DELETE FROM deletes WHERE tenant = ? AND log_offset = ?')
    for (const { tenant, tombstone } of deletes) statement.run(tenant, tombstone.offset)
  }

  #insert(part: NewPart): number {
    const result = this.#database
      .prepare(
        `INSERT INTO parts (tenant, file_name, level, min_time_ms, max_time_ms, from_offset, to_offset, bytes,
           series_count, sample_count, checksum, arrived_ms, deleted_to, age_from_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        part.tenant,
        part.fileName,
        part.level,
        part.minTimeMs,
        part.maxTimeMs,
        part.fromOffset,
        part.toOffset,
        part.bytes,
        part.seriesCount,
        part.sampleCount,
        part.checksum,
        part.arrivedMs,
        part.deletedTo,
        part.ageFromMs,
      )
    return Number(result.lastInsertRowid)
  }

  #insertTier(tier: NewTier): number {
    const result = this.#database
      .prepare(
        `INSERT INTO tiers (tenant, file_name, tier, part_id, min_time_ms, max_time_ms, from_offset, to_offset, bytes,
           series_count, bucket_count, checksum, deleted_to, age_from_ms, is_whole)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        tier.tenant,
        tier.fileName,
        tier.tier,
        tier.partId,
        tier.minTimeMs,
        tier.maxTimeMs,
        tier.fromOffset,
        tier.toOffset,
        tier.bytes,
        tier.seriesCount,
        tier.bucketCount,
        tier.checksum,
        tier.deletedTo,
        tier.ageFromMs,
        tier.isWhole ? 1 : 0,
      )
    return Number(result.lastInsertRowid)
  }

  #moveTiers(partIds: readonly number[], to: number): void {
    const statement = this.#database.prepare('UPDATE tiers SET part_id = ? WHERE part_id = ?')
    for (const id of partIds) statement.run(to, id)
  }

  #removeTiersOf(partIds: readonly number[]): void {
    const statement = this.#database.prepare('DELETE FROM tiers WHERE part_id = ?')
    for (const id of partIds) statement.run(id)
  }

  #remove(table: 'parts' | 'tiers', ids: readonly number[]): void {
    const statement = this.#database.prepare(`DELETE FROM ${table} WHERE id = ?`)
    for (const id of ids) {
      if (Number(statement.run(id).changes) !== 1) throw new Error(`${id} is not in the catalogue's ${table}`)
    }
  }

  #transaction<T>(work: () => T): T {
    return inTransaction(this.#database, work)
  }
}

function partOf(row: Record<string, unknown>): PartRow {
  return {
    id: Number(row['id']),
    tenant: String(row['tenant']),
    fileName: String(row['file_name']),
    level: Number(row['level']),
    minTimeMs: Number(row['min_time_ms']),
    maxTimeMs: Number(row['max_time_ms']),
    fromOffset: Number(row['from_offset']),
    toOffset: Number(row['to_offset']),
    bytes: Number(row['bytes']),
    seriesCount: Number(row['series_count']),
    sampleCount: Number(row['sample_count']),
    checksum: Number(row['checksum']),
    arrivedMs: Number(row['arrived_ms']),
    deletedTo: Number(row['deleted_to']),
    ageFromMs: Number(row['age_from_ms']),
  }
}

function tierOf(row: Record<string, unknown>): TierRow {
  return {
    id: Number(row['id']),
    tenant: String(row['tenant']),
    fileName: String(row['file_name']),
    tier: Number(row['tier']),
    partId: Number(row['part_id']),
    minTimeMs: Number(row['min_time_ms']),
    maxTimeMs: Number(row['max_time_ms']),
    fromOffset: Number(row['from_offset']),
    toOffset: Number(row['to_offset']),
    bytes: Number(row['bytes']),
    seriesCount: Number(row['series_count']),
    bucketCount: Number(row['bucket_count']),
    checksum: Number(row['checksum']),
    deletedTo: Number(row['deleted_to']),
    ageFromMs: Number(row['age_from_ms']),
    isWhole: Number(row['is_whole']) === 1,
  }
}

function deleteOf(row: Record<string, unknown>): DeleteRow {
  return {
    tenant: String(row['tenant']),
    tombstone: {
      matchers: matchersFromJson(JSON.parse(String(row['matchers']))),
      startMs: Number(row['start_ms']),
      endMs: Number(row['end_ms']),
      offset: Number(row['log_offset']),
    },
  }
}
