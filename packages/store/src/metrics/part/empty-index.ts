import { PartIndex } from './part-index.ts'

/** The index of a part that is refused: it has no series. */
export function emptyIndex(): PartIndex {
  const none = new Int32Array(0)
  const zero = new Int32Array(1)
  const columns = {
    symbolBytes: new Uint8Array(0),
    symbolFrom: zero,
    nameSymbols: none,
    namePairFrom: zero,
    pairSymbols: none,
    seriesPairFrom: zero,
    seriesPairs: none,
  }
  return new PartIndex(columns, 0)
}
