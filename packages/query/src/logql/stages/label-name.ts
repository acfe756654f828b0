/** The name of a label behind a prefix: blanks around it go, what may not stand in names becomes an underscore. */
export function appendName(prefix: string, key: string): string {
  const trimmed = key.trim()
  if (trimmed === '') return prefix
  const name = trimmed.replace(/[^a-zA-Z0-9_]/g, '_')
  if (prefix !== '') return `${prefix}_${name}`
  return /^[0-9]/.test(name) ? `_${name}` : name
}

/** Names that are remembered; lines may hold any number of them. */
const NAMES_MAX = 10_000

/** Names of labels by the keys they come from, each worked out once. */
export class LabelNames {
  readonly #names = new Map<string, string>()

  of(key: string): string {
    const known = this.#names.get(key)
    if (known !== undefined) return known
    if (this.#names.size >= NAMES_MAX) this.#names.clear()
    const name = appendName('', key)
    this.#names.set(key, name)
    return name
  }
}
