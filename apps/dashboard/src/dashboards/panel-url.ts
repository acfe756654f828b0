import { navigateSearch, readSearch } from '../app/router.ts'
import type { TableSort } from './value-table.ts'

/** The panel that fills the page; '' = none. */
export const FULL_PARAM = 'panel'
/** The panel whose queries are looked at. */
export const INSPECT_PARAM = 'inspect'
/** Panels that are shown as tables. */
export const TABLE_PARAM = 'table'
/** Series that are hidden: `cpu.0123456789abcdef`. */
const HIDE_PARAM = 'hide'
/** What tables are sorted by: `doors:-v.1`. */
const SORT_PARAM = 'sort'

/** Keys of the series of a panel that the URL hides. */
export function hiddenOf(params: URLSearchParams, panelId: string): string[] {
  const prefix = `${panelId}.`
  return params.getAll(HIDE_PARAM).flatMap((one) => (one.startsWith(prefix) ? [one.slice(prefix.length)] : []))
}

export function setHidden(panelId: string, hidden: readonly string[]): void {
  const others = readSearch()
    .getAll(HIDE_PARAM)
    .filter((one) => !one.startsWith(`${panelId}.`))
  navigateSearch({ [HIDE_PARAM]: [...others, ...hidden.map((key) => `${panelId}.${key}`)] })
}

export function toggleTable(panelId: string): void {
  const tables = readSearch().getAll(TABLE_PARAM)
  const others = tables.filter((one) => one !== panelId)
  navigateSearch({ [TABLE_PARAM]: others.length < tables.length ? others : [...tables, panelId] })
}

/** Fills the page with a panel, or gives the page back to all. */
export function toggleFull(panelId: string): void {
  navigateSearch({ [FULL_PARAM]: readSearch().get(FULL_PARAM) === panelId ? null : panelId })
}

/** What the URL says a table is sorted by, as text; '' = nothing. */
export function sortTextOf(params: URLSearchParams, panelId: string): string {
  const prefix = `${panelId}:`
  return (
    params
      .getAll(SORT_PARAM)
      .find((one) => one.startsWith(prefix))
      ?.slice(prefix.length) ?? ''
  )
}

export function readSort(text: string): TableSort | undefined {
  const isDescending = text.startsWith('-')
  const column = isDescending ? text.slice(1) : text
  return /^(l\..+|v\.\d{1,2})$/.test(column) ? { column, isDescending } : undefined
}

export function setSort(panelId: string, sort: TableSort | undefined): void {
  const others = readSearch()
    .getAll(SORT_PARAM)
    .filter((one) => !one.startsWith(`${panelId}:`))
  const own = sort === undefined ? [] : [`${panelId}:${sort.isDescending ? '-' : ''}${sort.column}`]
  navigateSearch({ [SORT_PARAM]: [...others, ...own] })
}
