import type { Lexicon } from './tokens.ts'

// By themselves, without the readers that the builder alone needs.

const WORD = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const COMMENT = /#[^\n]*/y

export const PROMQL: Lexicon = {
  word: WORD,
  comment: COMMENT,
  number: /0[xX][0-9a-fA-F]+|(?:\d+(?:ms|[smhdwy]))+(?![\w.])|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y,
  signs: [
    ...['=~', '!~', '!=', '==', '<=', '>=', '</', '>/'],
    ...['=', '<', '>', '+', '-', '*', '/', '%', '^', '(', ')', '{', '}', '[', ']', ',', ':', '@'],
  ],
}

export const LOGQL: Lexicon = {
  word: WORD,
  comment: COMMENT,
  number:
    /(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|[smhdwy]))+(?![\w.])|\d+(?:\.\d+)?[kKMGTPE]i?B(?!\w)|\d+(?:\.\d+)?B(?!\w)|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y,
  signs: [
    ...['|=', '|~', '|>', '!>', '--', '=~', '!~', '!=', '==', '<=', '>='],
    ...['|', '=', '<', '>', '+', '-', '*', '/', '%', '^', '(', ')', '{', '}', '[', ']', ',', '!', '.'],
  ],
}
