/** A piece of a query as it was written. */
export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'sign'
  readonly text: string
  readonly from: number
}

/** How one language writes its words and signs; longer signs stand before those that begin them. */
export interface Lexicon {
  readonly word: RegExp
  readonly number: RegExp | undefined
  readonly signs: readonly string[]
  /** From here to the end of the line nothing counts. */
  readonly comment?: RegExp
}

/** A comment, and before which piece it stands. */
interface Comment {
  readonly text: string
  readonly at: number
  /** Nothing else stands on its line. */
  readonly isAlone: boolean
}

/** The pieces of a query, and what is said between them. */
interface Pieces {
  readonly tokens: readonly Token[]
  readonly comments: readonly Comment[]
}

/** Why a text has no pieces: where, and what stands there. */
export interface NoTokens {
  readonly reason: string
}

const SPACE = /\s+/y
const STRING = /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|`[^`]*`/y

function piecesOf(query: string, { word, number, signs, comment }: Lexicon): Pieces | NoTokens {
  const tokens: Token[] = []
  const comments: Comment[] = []
  let at = 0
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(query)?.[0]
  }
  while (at < query.length) {
    const space = match(SPACE)
    if (space !== undefined) {
      at += space.length
      continue
    }
    const said = comment && match(comment)
    if (said !== undefined) {
      comments.push({ text: said.trimEnd(), at: tokens.length, isAlone: /(^|\n)\s*$/.test(query.slice(0, at)) })
      at += said.length
      continue
    }
    const token = nextToken()
    if (token === undefined) {
      const rest = query[at] as string
      if (rest === '#') return { reason: 'it has a comment' }
      return { reason: /["'`]/.test(rest) ? 'a text in it has no end' : `“${rest}” is not expected` }
    }
    tokens.push(token)
    at += token.text.length
  }
  return { tokens, comments }

  function nextToken(): Token | undefined {
    const text = match(STRING)
    if (text !== undefined) return { kind: 'string', text, from: at }
    const digits = number === undefined ? undefined : match(number)
    if (digits !== undefined) return { kind: 'number', text: digits, from: at }
    const sign = signs.find((one) => query.startsWith(one, at))
    const name = match(word)
    if (name !== undefined && (sign === undefined || name.length > sign.length)) {
      return { kind: 'word', text: name, from: at }
    }
    return sign === undefined ? undefined : { kind: 'sign', text: sign, from: at }
  }
}

/** Thrown inside readers only: the builder cannot show this text. */
export class Unshowable extends Error {}

/** Walks through the pieces of one query. */
export class TokenReader {
  readonly #query: string
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(query: string, tokens: readonly Token[]) {
    this.#query = query
    this.#tokens = tokens
  }

  /** A piece further on, '' behind the last. */
  text(ahead = 0): string {
    return this.#tokens[this.#at + ahead]?.text ?? ''
  }

  kind(ahead = 0): Token['kind'] | 'end' {
    return this.#tokens[this.#at + ahead]?.kind ?? 'end'
  }

  take(): string {
    const text = this.text()
    this.#at++
    return text
  }

  /** Takes the next piece where it is this one. */
  takeIf(text: string): boolean {
    if (this.text() !== text || this.kind() === 'string') return false
    this.#at++
    return true
  }

  expect(text: string): void {
    if (!this.takeIf(text)) throw new Unshowable(`“${text}” is expected, not ${this.found()}`)
  }

  expectKind(kind: Token['kind'], what: string): string {
    if (this.kind() !== kind) throw new Unshowable(`${what} is expected, not ${this.found()}`)
    return this.take()
  }

  found(): string {
    return this.kind() === 'end' ? 'the end' : `“${this.text()}”`
  }

  /** Where the next piece begins. */
  mark(): number {
    return this.#tokens[this.#at]?.from ?? this.#query.length
  }

  /** As it was written, from a mark to the last piece taken. */
  since(mark: number): string {
    const last = this.#tokens[this.#at - 1]
    return last === undefined ? '' : this.#query.slice(mark, last.from + last.text.length)
  }
}

export type Shown<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string }

/** Reads a whole query; what cannot be shown says why. */
export function readQuery<T>(query: string, lexicon: Lexicon, read: (reader: TokenReader) => T): Shown<T> {
  const pieces = piecesOf(query, lexicon)
  if ('reason' in pieces) return { ok: false, reason: pieces.reason }
  const reader = new TokenReader(query, pieces.tokens)
  try {
    const value = read(reader)
    if (reader.kind() !== 'end') return { ok: false, reason: `${reader.found()} is not expected where it stands` }
    return { ok: true, value }
  } catch (error) {
    if (!(error instanceof Unshowable)) throw error
    return { ok: false, reason: error.message }
  }
}

/** The same pieces and comments in the same order: two texts that differ in their spaces alone. */
export function sameTokens(one: string, other: string, lexicon: Lexicon): boolean {
  const [a, b] = [piecesOf(one, lexicon), piecesOf(other, lexicon)]
  if ('reason' in a || 'reason' in b) return false
  const text = ({ tokens, comments }: Pieces) =>
    JSON.stringify([tokens.map((token) => token.text), comments.map((comment) => [comment.at, comment.text])])
  return text(a) === text(b)
}

/** What is said in a query beside it. */
export function commentsOf(query: string, lexicon: Lexicon): readonly string[] {
  const pieces = piecesOf(query, lexicon)
  return 'reason' in pieces ? [] : pieces.comments.map(({ text }) => text)
}

/**
 * A query with the comments of the one that it was made of, each before the same piece; what stood within what was changed
 * stands before it.
 */
export function withComments(former: string, query: string, lexicon: Lexicon): string {
  const [before, now] = [piecesOf(former, lexicon), piecesOf(query, lexicon)]
  if ('reason' in before || 'reason' in now || before.comments.length === 0) return query
  const [old, own] = [before.tokens, now.tokens]
  const same = (i: number, j: number) => old[i] !== undefined && old[i]?.text === own[j]?.text
  let first = 0
  while (first < own.length && same(first, first)) first++
  let last = 0
  while (last < own.length - first && same(old.length - 1 - last, own.length - 1 - last)) last++
  const placeOf = (at: number) => {
    // What is said at the end is said at the end.
    if (at >= old.length - last && (at > first || at === old.length)) return at - old.length + own.length
    return Math.min(at, first)
  }
  const lines = before.comments.map((comment) => ({ ...comment, from: own[placeOf(comment.at)]?.from ?? query.length }))
  let text = ''
  let written = 0
  for (const { text: said, from, isAlone } of lines) {
    text += query.slice(written, from).trimEnd()
    if (text !== '' && !text.endsWith('\n')) text += isAlone ? '\n' : ' '
    text += `${said}\n`
    written = from
  }
  return `${text}${query.slice(written)}`.trimEnd()
}
