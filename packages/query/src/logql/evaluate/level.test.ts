import { expect, test } from 'vitest'
import { levelOfLine, levelOfNumber, levelOfText } from './level.ts'

test.each([
  ['{"msg":"error in it","level":"WARN"}', 'warn'],
  ['{"severity" : "Information"}', 'info'],
  ['ts=1 level=debug msg="an error"', 'debug'],
  ['lvl="crit" x=1', 'critical'],
  ['mylevel=debug nothing else', 'debug'],
  ['[ERROR] failed after a warning', 'error'],
  ['panic: out of range', 'fatal'],
  ['terror and information', 'unknown'],
  ['', 'unknown'],
])('%s is %s', (line, want) => {
  expect(levelOfLine(line)).toBe(want)
})

test('numbers of OpenTelemetry come in fours', () => {
  const levels = [0, 1, 4, 5, 9, 13, 17, 20, 21, 24].map(levelOfNumber)
  expect(levels).toEqual([undefined, 'trace', 'trace', 'debug', 'info', 'warn', 'error', 'error', 'fatal', 'fatal'])
})

test('texts are spelled one way; unknown ones stay', () => {
  expect(['Warning', 'ERR', 'chatty', ''].map(levelOfText)).toEqual(['warn', 'error', 'chatty', undefined])
})
