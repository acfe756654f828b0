/** Limits of one comparison. What is beyond is left out, and the answer says so. */
export const DIFFERENCE_LIMITS = {
  /** Spans or rows that are looked at, newest first: of the selection's time, and of the previous one. */
  rowsMax: 200_000,
  /** Traces that are told apart. */
  tracesMax: 20_000,
  attributesMax: 500,
  /** Values of one attribute, of all attributes. */
  valuesMax: 1_000,
  entriesMax: 20_000,
  valueCharsMax: 1_000,
  /** A number with more distinct values is told apart by ranges. */
  distinctNumbersMax: 20,
  binsMax: 10,
  numbersMax: 100_000,
} as const
