import { expect, test } from 'vitest'
import { elapsedText } from './elapsed-text.ts'

test('elapsed time reads easily', () =>
  expect([0, 59_900, 125_000].map(elapsedText)).toEqual(['0 s', '59 s', '2 min 5 s']))
