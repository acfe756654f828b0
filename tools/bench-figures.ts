/** Reads a figure of `bench/RESULTS.md` that a promise names: `› section › beginning of rows › column ≥ bound`. */

const SEPARATOR = ' › '
const BOUND = /^(.+) ([≤≥]) (\d+(?:\.\d+)?)$/

/**
 * Rows are named by what their cells, joined by `, `, begin with; all rows that begin so are held to the bound, and of
 * a cell that holds several figures (`p50 / p99`) each one.
 *
 * @param figures what stands behind the name of the file in the proof
 * @param results the text of `bench/RESULTS.md`
 * @returns why the figures do not show it; undefined where they do
 */
export function figureComplaint(figures: string, results: string): string | undefined {
  const [sectionName, rowName, condition, ...more] = figures.split(SEPARATOR)
  const [, column, sign, bound] = BOUND.exec(condition ?? '') ?? []
  if (rowName === undefined || column === undefined || bound === undefined || more.length > 0) {
    return `want \`section › row › column ≤ number\`, got \`${figures}\``
  }
  const section = results.split(/^(?=## )/m).find((text) => text.startsWith(`## ${sectionName}\n`))
  if (section === undefined) return `no section ${sectionName} in the results`
  const cells = tablesOf(section).flatMap((table) => cellsOf(table, rowName, column))
  if (cells.length === 0) return `no row that begins with “${rowName}” has a column “${column}” in ${sectionName}`
  const isHeld = (figure: number) => (sign === '≤' ? figure <= Number(bound) : figure >= Number(bound))
  const bad = cells.find((cell) => {
    const found = (cell.match(/\d+(?:\.\d+)?/g) ?? []).map(Number)
    return found.length === 0 || !found.every(isHeld)
  })
  return bad === undefined ? undefined : `${condition}: was “${bad}” in ${sectionName}, ${rowName}`
}

/** @returns tables as rows of cells, the head first */
function tablesOf(section: string): string[][][] {
  const blocks = section.split('\n\n').filter((block) => block.startsWith('|'))
  return blocks.map((block) =>
    block
      .trimEnd()
      .split('\n')
      .filter((_, i) => i !== 1)
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
  )
}

function cellsOf([head = [], ...rows]: string[][], rowName: string, column: string): string[] {
  const at = head.indexOf(column)
  return rows.filter((row) => at >= 0 && row.join(', ').startsWith(rowName)).map((row) => row[at] as string)
}
