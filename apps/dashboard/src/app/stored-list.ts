/** A list that this browser remembers. What something else wrote there is left out. */
export function readStoredList<T>(key: string, isItem: (value: unknown) => value is T, itemsMax: number): T[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? '[]')
    return Array.isArray(value) ? value.filter(isItem).slice(0, itemsMax) : []
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return []
  }
}

/** A full or forbidden storage keeps what was there. */
export function keepStored(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
  }
}
