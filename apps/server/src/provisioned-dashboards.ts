import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { FoundDashboards, Provisioned, ProvisionedDashboard, RefusedDashboard } from '@vantage/api'
import { err, type Fault, fault, type Result } from '@vantage/model'
import { type Dashboard, readDashboard } from '@vantage/model/dashboards'

/** Of one folder, and of one file: more is named as refused, never read. */
const FILES_MAX = 200
const FILE_BYTES_MAX = 1_048_576
/** Those that come with the product; the build has them beside its code, too. */
const BUILT_IN = resolve(import.meta.dirname, 'dashboards')

interface Remembered {
  readonly changedMs: number
  readonly bytes: number
  readonly read: Result<Dashboard, Fault>
}

/** Documents in folders. A file is read when somebody looks and it has changed since. */
export class ProvisionedDashboards implements Provisioned {
  readonly #directory: string | undefined
  readonly #remembered = new Map<string, Remembered>()

  /** @param directory of the operator; undefined = the product's own alone */
  constructor(directory: string | undefined) {
    this.#directory = directory
  }

  async find(): Promise<FoundDashboards> {
    const own = await this.#readFolder(BUILT_IN, true)
    const given = this.#directory === undefined ? NOTHING : await this.#readFolder(this.#directory, false)
    const byId = new Map<string, ProvisionedDashboard>()
    const refused = [...own.refused, ...given.refused]
    for (const one of [...own.dashboards, ...given.dashboards]) {
      const former = byId.get(one.document.id)
      if (former === undefined || former.isBuiltIn) byId.set(one.document.id, one)
      else refused.push({ file: one.file, message: `id: ${former.file} holds ${one.document.id} already` })
    }
    const dashboards = [...byId.values()].sort((a, b) => a.document.title.localeCompare(b.document.title))
    return { dashboards, refused }
  }

  async #readFolder(directory: string, isBuiltIn: boolean): Promise<FoundDashboards> {
    const names = await jsonFilesIn(directory)
    if (!names.ok) return { dashboards: [], refused: [{ file: '', message: names.error.message }] }
    const dashboards: ProvisionedDashboard[] = []
    const refused: RefusedDashboard[] = names.value
      .slice(FILES_MAX)
      .map((file) => ({ file, message: `want at most ${FILES_MAX} files` }))
    for (const file of names.value.slice(0, FILES_MAX)) {
      const read = await this.#readFile(join(directory, file))
      if (read.ok) dashboards.push({ document: read.value, file, isBuiltIn })
      else refused.push({ file, message: read.error.message })
    }
    return { dashboards, refused }
  }

  async #readFile(path: string): Promise<Result<Dashboard, Fault>> {
    const { mtimeMs: changedMs, size: bytes } = await stat(path)
    const known = this.#remembered.get(path)
    if (known !== undefined && known.changedMs === changedMs && known.bytes === bytes) return known.read
    const read = bytes > FILE_BYTES_MAX ? tooLarge(bytes) : documentOf(await readFile(path, 'utf8'))
    this.#remembered.set(path, { changedMs, bytes, read })
    return read
  }
}

const NOTHING: FoundDashboards = { dashboards: [], refused: [] }

function tooLarge(bytes: number): Result<never, Fault> {
  return err(fault('too_large', `want at most ${FILE_BYTES_MAX} bytes, got ${bytes}`))
}

/** Names in order; the folder of the configuration may not be there. */
async function jsonFilesIn(directory: string): Promise<Result<readonly string[], Fault>> {
  try {
    const names = await readdir(directory)
    return { ok: true, value: names.filter((name) => name.endsWith('.json')).sort() }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return err(fault('not_found', `dashboards.directory: want a folder that can be read, got ${code}`))
  }
}

function documentOf(text: string): Result<Dashboard, Fault> {
  try {
    return readDashboard(JSON.parse(text))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return err(fault('bad_request', `want JSON: ${error.message}`))
  }
}
