import type { DashboardEntry } from '@vantage/api/client'

/** Those whose title, description or tags hold every word. */
export function shownDashboards(dashboards: readonly DashboardEntry[], find: string): readonly DashboardEntry[] {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean)
  return dashboards.filter(({ title, description, tags }) => {
    const text = [title, description, ...tags].join(' ').toLowerCase()
    return words.every((word) => text.includes(word))
  })
}
