/** A cell of a picture: a column, and a row where the picture has rows; the lowest is 0. */
export interface PictureCell {
  readonly column: number
  readonly row: number
}

export interface PictureGrid {
  readonly columns: number
  /** 0 where only columns are told apart. */
  readonly rows: number
}

/** What keys have chosen on a picture. */
export interface PictureChoice {
  readonly cell: PictureCell | undefined
  /** The other corner of what is selected. */
  readonly anchor: PictureCell | undefined
}

export const NO_CHOICE: PictureChoice = { cell: undefined, anchor: undefined }
const JUMP_COLUMNS = 10

/**
 * What a key does on a picture: arrows, Home and End go to another cell; where there are rows, Space begins a box or drops it,
 * ↵ takes it, Escape drops it, else the cell.
 * @returns undefined for keys that are not the picture's
 */
export function afterPictureKey(
  now: PictureChoice,
  { key, shiftKey }: { readonly key: string; readonly shiftKey: boolean },
  { columns, rows }: PictureGrid,
): PictureChoice | 'take' | undefined {
  const { cell, anchor } = now
  const by = shiftKey ? JUMP_COLUMNS : 1
  const at = cell?.column
  const row = cell?.row ?? Math.floor(rows / 2)
  const to = (column: number, nextRow = row): PictureChoice => ({
    anchor,
    cell: { column: within(column, columns), row: within(nextRow, rows) },
  })
  switch (key) {
    case 'ArrowLeft':
      return to((at ?? columns) - by)
    case 'ArrowRight':
      return to((at ?? -1) + by)
    case 'Home':
      return to(0)
    case 'End':
      return to(columns - 1)
    case 'Escape':
      if (anchor !== undefined) return { cell, anchor: undefined }
      return cell === undefined ? undefined : NO_CHOICE
    default:
      return rows === 0
        ? undefined
        : afterBoxKey(now, key, to(at ?? columns - 1), (by) => to(at ?? columns - 1, row + by))
  }
}

function afterBoxKey(
  { cell, anchor }: PictureChoice,
  key: string,
  here: PictureChoice,
  beside: (by: 1 | -1) => PictureChoice,
): PictureChoice | 'take' | undefined {
  switch (key) {
    case 'ArrowUp':
      return beside(1)
    case 'ArrowDown':
      return beside(-1)
    case ' ':
      return cell === undefined ? here : { cell, anchor: anchor === undefined ? cell : undefined }
    case 'Enter':
      return cell === undefined ? here : 'take'
    default:
      return undefined
  }
}

function within(at: number, count: number): number {
  return Math.max(0, Math.min(count - 1, at))
}
