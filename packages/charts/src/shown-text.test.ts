import { describe, expect, test } from 'vitest'
import { shownText } from './shown-text.ts'

describe('what would be obeyed is seen', () => {
  const check = (text: string, shown: string) => test(JSON.stringify(text), () => expect(shownText(text)).toBe(shown))
  check('plain, ünïcödé, العربية', 'plain, ünïcödé, العربية')
  check('a\tb\r\nc', 'a\tb\r\nc')
  check('\u001b[31mred\u001b[0m\u0007\u0000', '␛[31mred␛[0m␇␀')
  check('\u007f', '␡')
  check('a\u202ecod\u202c', 'a⟨202E⟩cod⟨202C⟩')
})
