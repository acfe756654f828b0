import { arrayAt, isRecord, type Json, numberAt, textAt, textsOf } from './json.ts'

/** A dashboard as the list has it. */
export interface DashboardEntry {
  readonly id: string
  readonly title: string
  readonly description: string
  readonly tags: readonly string[]
  readonly panels: number
  readonly isBuiltIn: boolean
}

export interface FoundDashboards {
  readonly dashboards: readonly DashboardEntry[]
  /** Files that hold no dashboard; without a name, the folder itself. */
  readonly refused: readonly { readonly file: string; readonly message: string }[]
}

export function readDashboardList(body: Json): FoundDashboards {
  const dashboards = arrayAt(body, 'dashboards')
    .filter(isRecord)
    .map((one) => ({
      id: textAt(one, 'id'),
      title: textAt(one, 'title'),
      description: textAt(one, 'description'),
      tags: textsOf(arrayAt(one, 'tags')),
      panels: numberAt(one, 'panels'),
      isBuiltIn: one['isBuiltIn'] === true,
    }))
  const refused = arrayAt(body, 'refused').filter(isRecord)
  return {
    dashboards: dashboards.filter(({ id }) => id !== ''),
    refused: refused.map((one) => ({ file: textAt(one, 'file'), message: textAt(one, 'message') })),
  }
}
