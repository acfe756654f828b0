import { navigateSearch } from '../app/router.ts'

export const LOG_TABS = ['lines', 'patterns', 'fields'] as const
export type LogTab = (typeof LOG_TABS)[number]

/** What the URL of Explore › Logs says, beside query and time. */
export interface LogState {
  readonly tab: LogTab
  readonly isWrapped: boolean
  /** Labels that have columns of their own. */
  readonly columns: readonly string[]
  /** Key of the line whose details are open. */
  readonly line: string
  /** Text that is looked for in the loaded lines. */
  readonly find: string
  /** Lines before and after are shown with the details. */
  readonly hasContext: boolean
}

export const COLUMNS_MAX = 6

export function logStateOf(search: URLSearchParams): LogState {
  const tab = search.get('tab') as LogTab
  return {
    tab: LOG_TABS.includes(tab) ? tab : 'lines',
    isWrapped: search.get('wrap') === '1',
    columns: [...new Set(search.getAll('col'))].filter((label) => label !== '').slice(0, COLUMNS_MAX),
    line: search.get('line') ?? '',
    find: search.get('find') ?? '',
    hasContext: search.get('around') === '1',
  }
}

/** The columns with one of them put in or taken out. */
export function withColumn(columns: readonly string[], label: string): readonly string[] {
  return columns.includes(label) ? columns.filter((one) => one !== label) : [...columns, label].slice(-COLUMNS_MAX)
}

export function toggleWrap(state: LogState): void {
  navigateSearch({ wrap: state.isWrapped ? null : '1' })
}

export function toggleContext(state: LogState): void {
  navigateSearch({ around: state.hasContext ? null : '1' }, { replace: true })
}
