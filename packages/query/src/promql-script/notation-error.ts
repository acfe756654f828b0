/** A line that is not in the notation. */
export class NotationError extends Error {
  override readonly name = 'NotationError'
}
