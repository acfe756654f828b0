/** The header of one request. Source: RFC 9113 sections 8.2 and 8.3. */

const PSEUDO: ReadonlySet<string> = new Set([':method', ':scheme', ':authority', ':path'])
/** Fields of a connection, which HTTP/2 has none of. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])
const UPPER_CASE = /[A-Z]/

export class RequestHeader {
  readonly #fields = new Map<string, string>()
  /** False once a field is there that must not be, or one twice. */
  #isWellFormed = true
  #hasOrdinary = false

  /** A field as it was decoded, in order; what comes twice is joined. */
  add(name: string, value: string): void {
    const isPseudo = name.startsWith(':')
    const before = this.#fields.get(name)
    if (isPseudo) this.#isWellFormed &&= PSEUDO.has(name) && !this.#hasOrdinary && before === undefined
    else this.#hasOrdinary = true
    this.#isWellFormed &&=
      name !== '' && !UPPER_CASE.test(name) && !FORBIDDEN.has(name) && (name !== 'te' || value === 'trailers')
    this.#fields.set(name, before === undefined ? value : `${before}, ${value}`)
  }

  get(name: string): string | undefined {
    return this.#fields.get(name)
  }

  isRequest(): boolean {
    return this.#isWellFormed && this.has(':method') && this.has(':scheme') && (this.get(':path') ?? '') !== ''
  }

  isTrailer(): boolean {
    return this.#isWellFormed && ![...PSEUDO].some((name) => this.has(name))
  }

  has(name: string): boolean {
    return this.#fields.has(name)
  }

  /** Announced bytes of the body; undefined where nothing is announced, NaN where it is no number. */
  contentLength(): number | undefined {
    const text = this.get('content-length')
    if (text === undefined) return undefined
    return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  }
}
