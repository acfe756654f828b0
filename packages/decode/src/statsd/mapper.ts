import { err, type Fault, fault, foreign, ok, type Result } from '@vantage/model'
import { RE2JS, RE2JSException } from 're2js'
import { type EventKind, type Mapping, type MappingConfig, type ObserverOptions, parseMappings } from './mapping.ts'

/** Answers that are kept; beyond, they are all forgotten and found again. */
const CACHE_ENTRIES_MAX = 10_000
/** Segments of a name; a mapping has fewer. */
const SEGMENTS_MAX = 128

/** A name as its mapping has it. */
export interface Mapped {
  readonly mapping: Mapping
  readonly name: string
  readonly labels: readonly (readonly [string, string])[]
}

/** One place in the tree of glob mappings: what may follow, and the mappings that end here, by their order. */
interface GlobNode {
  readonly literals: Map<string, GlobNode>
  any: GlobNode | undefined
  readonly ends: number[]
}

interface GlobHit {
  readonly index: number
  readonly captures: readonly string[]
}

/** Finds the mapping of a name: globs first, then regular expressions (RE2) in their order. */
export class StatsdMapper {
  readonly #config: MappingConfig
  readonly #root: GlobNode = emptyNode()
  readonly #regexes: readonly { readonly mapping: Mapping; readonly regex: RE2JS }[]
  readonly #cache = new Map<string, Mapped | undefined>()

  private constructor(config: MappingConfig, regexes: readonly { mapping: Mapping; regex: RE2JS }[]) {
    this.#config = config
    this.#regexes = regexes
    for (const [index, mapping] of config.mappings.entries()) {
      if (mapping.matchType === 'glob') addGlob(this.#root, mapping.match, index)
    }
  }

  /** @param text YAML; '' maps nothing. @returns bad_request that names the entry */
  static parse(text: string): Result<StatsdMapper, Fault> {
    const config = parseMappings(text)
    if (!config.ok) return config
    const regexes: { mapping: Mapping; regex: RE2JS }[] = []
    for (const mapping of config.value.mappings) {
      if (mapping.matchType !== 'regex') continue
      const regex = compile(mapping.match)
      if (!regex.ok) return regex
      regexes.push({ mapping, regex: regex.value })
    }
    return ok(new StatsdMapper(config.value, regexes))
  }

  get mappings(): readonly Mapping[] {
    return this.#config.mappings
  }

  /** Of timers and histograms that no mapping says more about. */
  get observer(): ObserverOptions {
    return this.#config.observer
  }

  /** @returns undefined where no mapping matches */
  find(name: string, kind: EventKind): Mapped | undefined {
    if (this.#config.mappings.length === 0) return undefined
    const key = `${kind} ${name}`
    if (this.#cache.has(key)) return this.#cache.get(key)
    const found = this.#findGlob(name, kind) ?? this.#findRegex(name, kind)
    if (this.#cache.size >= CACHE_ENTRIES_MAX) this.#cache.clear()
    this.#cache.set(key, found)
    return found
  }

  #findGlob(name: string, kind: EventKind): Mapped | undefined {
    const segments = name.split('.', SEGMENTS_MAX + 1)
    if (segments.length > SEGMENTS_MAX) return undefined
    const hit = this.#walk(this.#root, segments, 0, [], kind)
    if (hit === undefined) return undefined
    const mapping = this.#config.mappings[hit.index] as Mapping
    return filled(mapping, (template) => expand(template, hit.captures))
  }

  /**
   * Literals before stars. Ordered: the mapping that comes first in the file, of all that match; the tree is as large
   * as the file, so looking at all of it is bounded.
   */
  #walk(
    node: GlobNode,
    segments: readonly string[],
    at: number,
    captures: readonly string[],
    kind: EventKind,
  ): GlobHit | undefined {
    if (at === segments.length) {
      const index = node.ends.find((end) => {
        const { eventKind } = this.#config.mappings[end] as Mapping
        return eventKind === undefined || eventKind === kind
      })
      return index === undefined ? undefined : { index, captures }
    }
    const segment = segments[at] as string
    const literal = node.literals.get(segment)
    const first = literal === undefined ? undefined : this.#walk(literal, segments, at + 1, captures, kind)
    if (node.any === undefined || (first !== undefined && this.#config.isUnordered)) return first
    const second = this.#walk(node.any, segments, at + 1, [...captures, segment], kind)
    if (first === undefined || second === undefined) return first ?? second
    return first.index < second.index ? first : second
  }

  #findRegex(name: string, kind: EventKind): Mapped | undefined {
    for (const { mapping, regex } of this.#regexes) {
      if (mapping.eventKind !== undefined && mapping.eventKind !== kind) continue
      const matcher = regex.matcher(name)
      if (!matcher.find()) continue
      const captures = Array.from({ length: matcher.groupCount() }, (_, i) => matcher.group(i + 1) ?? '')
      return filled(mapping, (template) => expand(template, captures))
    }
    return undefined
  }
}

function compile(pattern: string): Result<RE2JS, Fault> {
  try {
    return ok(RE2JS.compile(pattern))
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    return err(
      fault('bad_request', `mappings: regular expression ${JSON.stringify(foreign(pattern))}: ${error.message}`),
    )
  }
}

function emptyNode(): GlobNode {
  return { literals: new Map(), any: undefined, ends: [] }
}

function addGlob(root: GlobNode, match: string, index: number): void {
  let node = root
  for (const segment of match.split('.')) {
    let next = segment === '*' ? node.any : node.literals.get(segment)
    if (next === undefined) {
      next = emptyNode()
      if (segment === '*') node.any = next
      else node.literals.set(segment, next)
    }
    node = next
  }
  node.ends.push(index)
}

function filled(mapping: Mapping, fill: (template: string) => string): Mapped {
  return {
    mapping,
    name: fill(mapping.name),
    labels: mapping.labels.map(([label, template]) => [label, fill(template)] as const),
  }
}

/** `$1` and `${1}` are captures; a word that is no number of a capture (`$1_foo`) stands for nothing. */
function expand(template: string, captures: readonly string[]): string {
  return template.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced?: string, bare?: string) => {
    const word = braced ?? bare ?? ''
    return /^\d+$/.test(word) ? (captures[Number(word) - 1] ?? '') : ''
  })
}
