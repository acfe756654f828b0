/** Of one document. More is refused by name; it is text that people wrote. */
export const DASHBOARD_LIMITS = {
  idChars: 64,
  titleChars: 120,
  descriptionChars: 2_000,
  queryChars: 8_192,
  tags: 20,
  variables: 20,
  panels: 200,
  queriesOfPanel: 10,
  thresholds: 10,
  /** Of the grid. */
  rows: 10_000,
  panelRows: 60,
  /** Rows of a list or table. */
  listRows: 500,
} as const
