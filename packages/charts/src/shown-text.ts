/** Controls but tab and ends of lines, and characters that turn the direction of what follows them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const OBEYED = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g

/** A text in which characters that a terminal or the browser would obey are seen: `␛[31m`, `⟨202E⟩`. The text itself is what is copied and saved. */
export function shownText(text: string): string {
  return text.replace(OBEYED, (one) => {
    const code = one.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return code === 0x7f ? '␡' : `⟨${code.toString(16).toUpperCase()}⟩`
  })
}
