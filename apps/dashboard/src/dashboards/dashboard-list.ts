import type { DashboardEntry } from '@vantage/api/client'

/** Those whose title, description or tags hold every word; starred ones first, each part in the order given. */
export function shownDashboards(
  dashboards: readonly DashboardEntry[],
  find: string,
  starred: readonly string[],
): readonly DashboardEntry[] {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean)
  const found = dashboards.filter(({ title, description, tags }) => {
    const text = [title, description, ...tags].join(' ').toLowerCase()
    return words.every((word) => text.includes(word))
  })
  const [mine, others] = [true, false].map((isMine) => found.filter(({ id }) => starred.includes(id) === isMine))
  return [...(mine ?? []), ...(others ?? [])]
}

/** Of a title, what an address repeats of it. */
const SLUG_CHARS_MAX = 60

/** The address of a dashboard. The words behind the id are for people: any, or none, lead to the same. */
export function dashboardPath(id: string, title: string): string {
  const words = title.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  const slug = words.join('-').slice(0, SLUG_CHARS_MAX)
  return ['/d', ...[id, slug].filter(Boolean).map(encodeURIComponent)].join('/')
}
