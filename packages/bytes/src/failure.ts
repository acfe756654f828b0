/**
 * What bytes from outside did wrong. This package knows nothing of the platform's faults: callers map
 * `too_large` to 413 and `malformed` to 400.
 */
export interface BytesFailure {
  readonly kind: 'malformed' | 'too_large'
  /** Expected, got, where. */
  readonly message: string
}

export type BytesResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: BytesFailure }

export function malformed(message: string): { readonly ok: false; readonly error: BytesFailure } {
  return { ok: false, error: { kind: 'malformed', message } }
}

export function tooLarge(message: string): { readonly ok: false; readonly error: BytesFailure } {
  return { ok: false, error: { kind: 'too_large', message } }
}
