/** Bits of what a byte may be in an exposition. */
export const NAME_START = 1
export const NAME = 2
export const LABEL_START = 4
export const LABEL = 8

/** Per byte: metric names are `[a-zA-Z_:][a-zA-Z0-9_:]*`, label names the same without colons. */
export const CLASSES = classes()

function classes(): Uint8Array {
  const table = new Uint8Array(256)
  for (let byte = 0; byte < 128; byte++) {
    const text = String.fromCharCode(byte)
    if (/[a-zA-Z_]/.test(text)) table[byte] = NAME_START | NAME | LABEL_START | LABEL
    else if (text === ':') table[byte] = NAME_START | NAME
    else if (/[0-9]/.test(text)) table[byte] = NAME | LABEL
  }
  return table
}

export const TAB = 0x09
export const NEWLINE = 0x0a
export const RETURN = 0x0d
export const SPACE = 0x20
export const QUOTE = 0x22
export const HASH = 0x23
export const COMMA = 0x2c
export const EQUALS = 0x3d
export const BACKSLASH = 0x5c
export const OPEN_BRACE = 0x7b
export const CLOSE_BRACE = 0x7d
