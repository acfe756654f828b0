import type { SpanTree } from './span-tree.ts'

const UNIT_MS: Readonly<Record<string, number>> = { us: 1e-3, µs: 1e-3, ms: 1, s: 1_000, m: 60_000 }
const LENGTH = /^([<>])(\d+(?:\.\d+)?)(us|µs|ms|s|m)$/

/**
 * Spans that a filter wants: each word is a part of service or name, `error`, or a length of time (`>100ms`, `<1s`).
 * @returns 1 for those that fulfil all words, by place; undefined where the filter is empty
 */
export function matchingSpans(tree: SpanTree, filter: string): Uint8Array | undefined {
  const words = filter.trim().toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return undefined
  const { count, names, services, nameOf, serviceOf } = tree.columns
  const namesLower = names.map((name) => name.toLowerCase())
  const servicesLower = services.map((name) => name.toLowerCase())
  const tests = words.map((word) => wordTest(tree, word))
  const out = new Uint8Array(count)
  for (let place = 0; place < count; place++) {
    const service = servicesLower[serviceOf[place] as number] ?? ''
    const name = namesLower[nameOf[place] as number] ?? ''
    out[place] = tests.every((test) => test(place, service, name)) ? 1 : 0
  }
  return out
}

type WordTest = (place: number, service: string, name: string) => boolean

function wordTest({ columns }: SpanTree, word: string): WordTest {
  const [, sign, size, unit] = LENGTH.exec(word) ?? []
  if (size !== undefined && unit !== undefined) {
    const limitMs = Number(size) * (UNIT_MS[unit] as number)
    if (sign === '>') return (place) => (columns.durationMs[place] as number) > limitMs
    return (place) => (columns.durationMs[place] as number) < limitMs
  }
  if (word === 'error') return (place) => columns.isError[place] === 1
  return (_, service, name) => name.includes(word) || service.includes(word)
}

/** Spans that are wanted, and all above them. */
export function withAncestors({ columns }: SpanTree, wanted: Uint8Array): Uint8Array {
  const out = wanted.slice()
  for (let place = 0; place < wanted.length; place++) {
    if (wanted[place] === 0) continue
    for (let at = columns.parents[place] as number; at >= 0 && out[at] === 0; at = columns.parents[at] as number) {
      out[at] = 1
    }
  }
  return out
}

/**
 * The next failed span in the order of the tree, around the end.
 * @param from place of a span, undefined = before the first
 */
export function nextError({ columns, order }: SpanTree, from: number | undefined, by: 1 | -1): number | undefined {
  const failed = order.filter((place) => columns.isError[place] === 1)
  if (failed.length === 0) return undefined
  if (from === undefined) return failed.at(by === 1 ? 0 : -1)
  const ranks = new Int32Array(columns.count)
  for (const [rank, place] of order.entries()) ranks[place] = rank
  const rank = ranks[from] as number
  if (by === 1) return failed.find((place) => (ranks[place] as number) > rank) ?? failed[0]
  return failed.findLast((place) => (ranks[place] as number) < rank) ?? failed.at(-1)
}
