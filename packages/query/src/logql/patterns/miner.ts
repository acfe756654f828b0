/** Where something varies; the form that `|>` and `| pattern` read. */
const VARIABLE = '<_>'

/** Words and what parts them, each a piece: all of them together are the line. */
const PIECE = /[^\s=:,;()[\]{}"'`|<>]+|[\s=:,;()[\]{}"'`|<>]/g
const IS_WORD = /[^\s=:,;()[\]{}"'`|<>]/
const HAS_DIGIT = /\d/

/** Characters of a line that are looked at; what is behind them varies. */
const LINE_CHARS_MAX = 2_048
/** Pieces of a template. */
const PIECES_MAX = 256
/** Templates that are kept; lines that fit none of them are not counted then. */
const TEMPLATES_MAX = 1_000
/** Templates of one group that a line is compared with. */
const GROUP_MAX = 64
/** Share of words that must be the same. */
const SIMILARITY_MIN = 0.5

/** Lines that are the same but for what varies. */
export interface Template {
  /** Text with `<_>` where it varies. */
  readonly pattern: string
  readonly count: number
  /** Lines by the start of their step, unix ns, in the order of time. */
  readonly samples: readonly (readonly [startNs: bigint, count: number])[]
}

interface GrowingTemplate {
  readonly pieces: string[]
  count: number
  readonly samples: Map<bigint, number>
}

/**
 * Groups lines into templates as they come. Lines of a group have the same number of pieces and begin alike; of its
 * templates the most similar one takes the line, and pieces that differ become variable.
 * Source: P. He, J. Zhu, Z. Zheng, M. R. Lyu, "Drain: an online log parsing approach with fixed depth tree", ICWS 2017.
 */
export class PatternMiner {
  readonly #groups = new Map<string, GrowingTemplate[]>()
  #templates = 0

  add(line: string, stepNs: bigint): void {
    const pieces = piecesOf(line)
    const key = groupKey(pieces)
    const group = this.#groups.get(key) ?? []
    this.#groups.set(key, group)
    const template = closest(group, pieces) ?? this.#added(group, pieces)
    if (template === undefined) return
    merge(template.pieces, pieces)
    template.count++
    template.samples.set(stepNs, (template.samples.get(stepNs) ?? 0) + 1)
  }

  #added(group: GrowingTemplate[], pieces: string[]): GrowingTemplate | undefined {
    if (this.#templates >= TEMPLATES_MAX || group.length >= GROUP_MAX) return undefined
    this.#templates++
    const template = { pieces: [...pieces], count: 0, samples: new Map<bigint, number>() }
    group.push(template)
    return template
  }

  /** The most frequent first. Templates that came to say the same are one. */
  templates(): Template[] {
    const byPattern = new Map<string, GrowingTemplate>()
    for (const template of [...this.#groups.values()].flat()) {
      const pattern = patternText(template.pieces)
      const known = byPattern.get(pattern)
      if (known === undefined) {
        byPattern.set(pattern, template)
        continue
      }
      known.count += template.count
      for (const [step, count] of template.samples) known.samples.set(step, (known.samples.get(step) ?? 0) + count)
    }
    return [...byPattern]
      .map(([pattern, { count, samples }]) => ({ pattern, count, samples: [...samples].sort(byTime) }))
      .sort((a, b) => b.count - a.count || (a.pattern < b.pattern ? -1 : 1))
  }
}

function byTime([a]: readonly [bigint, number], [b]: readonly [bigint, number]): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Words with digits are taken to vary from the start. */
function piecesOf(line: string): string[] {
  const isCut = line.length > LINE_CHARS_MAX
  const pieces: string[] = []
  for (const match of (isCut ? line.slice(0, LINE_CHARS_MAX) : line).matchAll(PIECE)) {
    if (pieces.length >= PIECES_MAX) break
    pieces.push(HAS_DIGIT.test(match[0]) ? VARIABLE : match[0])
  }
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  if (isCut || pieces.length >= PIECES_MAX || length === 0) pieces.push(VARIABLE)
  return pieces
}

/** How many pieces, and the first word that does not vary. */
function groupKey(pieces: readonly string[]): string {
  const word = pieces.find((piece) => piece !== VARIABLE && IS_WORD.test(piece))
  return `${pieces.length} ${word ?? ''}`
}

function closest(group: readonly GrowingTemplate[], pieces: readonly string[]): GrowingTemplate | undefined {
  let best: GrowingTemplate | undefined
  let bestScore = SIMILARITY_MIN
  for (const template of group) {
    const score = similarity(template.pieces, pieces)
    if (score >= bestScore) {
      best = template
      bestScore = score
    }
  }
  return best
}

/** Share of the words that are the same; what parts them is expected to be. */
function similarity(template: readonly string[], pieces: readonly string[]): number {
  let words = 0
  let same = 0
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i] as string
    if (!IS_WORD.test(piece) && piece !== VARIABLE) {
      if (template[i] !== piece) return 0
      continue
    }
    words++
    if (template[i] === piece) same++
  }
  return words === 0 ? 1 : same / words
}

function merge(template: string[], pieces: readonly string[]): void {
  for (let i = 0; i < template.length; i++) if (template[i] !== pieces[i]) template[i] = VARIABLE
}

/** Variables that touch are one: patterns need something between captures. */
function patternText(pieces: readonly string[]): string {
  let text = ''
  for (const piece of pieces) if (piece !== VARIABLE || !text.endsWith(VARIABLE)) text += piece
  return text
}
