import { randomUUID } from 'node:crypto'
import type { SavedView, SavedViews as SavedViewsOfApi, ViewDraft } from '@vantage/api'
import {
  type Clock,
  err,
  type Fault,
  type FileSystem,
  fault,
  foreign,
  ok,
  type Result,
  readFileNow,
  replaceFileNow,
  type TenantId,
} from '@vantage/model'
import { z } from 'zod'

/** Its name in the data folder. */
export const SAVED_VIEWS_FILE = 'saved-views.json'
/** Of one tenant: what a list in a menu can still be searched in. */
const VIEWS_MAX = 1_000

const stored = z.array(
  z.strictObject({
    tenant: z.string(),
    id: z.string(),
    name: z.string(),
    path: z.string(),
    search: z.string(),
    createdMs: z.number(),
    updatedMs: z.number(),
  }),
)
type Stored = z.output<typeof stored>[number]

export interface SavedViewsOptions {
  readonly files: FileSystem
  /** It is there once the first view is asked for. */
  readonly directory: string
  readonly clock: Clock
}

/** Views that people saved, in one file; the list survives a restart. */
export class SavedViews implements SavedViewsOfApi {
  readonly #options: SavedViewsOptions
  #views: readonly Stored[] | undefined

  constructor(options: SavedViewsOptions) {
    this.#options = options
  }

  list(tenant: TenantId): readonly SavedView[] {
    return this.#load()
      .filter((one) => one.tenant === tenant)
      .map(({ tenant: _, ...view }) => view)
      .sort((a, b) => a.name.localeCompare(b.name))
  }

  put(tenant: TenantId, id: string | undefined, { name, path, search }: ViewDraft): Result<SavedView, Fault> {
    const own = this.list(tenant)
    const former = own.find((one) => one.id === id)
    if (own.some((one) => one.name === name && one.id !== id)) {
      return err(fault('conflict', `name: there is a view ${JSON.stringify(foreign(name))} already`))
    }
    if (former === undefined && own.length >= VIEWS_MAX) {
      return err(fault('conflict', `want at most ${VIEWS_MAX} saved views: delete one first`))
    }
    const nowMs = this.#options.clock.nowMs()
    const view = { id: id ?? randomUUID(), name, path, search, createdMs: former?.createdMs ?? nowMs, updatedMs: nowMs }
    const others = this.#load().filter((one) => one.tenant !== tenant || one.id !== view.id)
    this.#save([...others, { tenant, ...view }])
    return ok(view)
  }

  remove(tenant: TenantId, id: string): Fault | undefined {
    const all = this.#load()
    const rest = all.filter((one) => one.tenant !== tenant || one.id !== id)
    if (rest.length === all.length) return fault('not_found', `no saved view ${JSON.stringify(foreign(id))}`)
    this.#save(rest)
    return undefined
  }

  #save(views: readonly Stored[]): void {
    const { files, directory } = this.#options
    replaceFileNow(files, directory, SAVED_VIEWS_FILE, Buffer.from(JSON.stringify(views, undefined, 2)))
    this.#views = views
  }

  /** @throws where the file is there but is not what this class wrote */
  #load(): readonly Stored[] {
    const { files, directory } = this.#options
    const path = `${directory}/${SAVED_VIEWS_FILE}`
    if (this.#views === undefined && files.exists(path)) {
      this.#views = stored.parse(JSON.parse(Buffer.from(readFileNow(files, path)).toString('utf8')))
    }
    this.#views ??= []
    return this.#views
  }
}
