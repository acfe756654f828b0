import { expect, test } from 'vitest'
import { type ApiAnswer, compareAnswers } from './answers.ts'

function vector(...series: readonly (readonly [job: string, text: string])[]): ApiAnswer {
  const result = series.map(([job, text]) => ({ metric: { __name__: 'up', job }, value: [10, text] as const }))
  return { status: 'success', data: { resultType: 'vector', result } }
}

const SCALAR: ApiAnswer = { status: 'success', data: { resultType: 'scalar', result: [10, '1'] } }
const REFUSED: ApiAnswer = { status: 'error', error: 'no' }

const CASES: readonly (readonly [string, ApiAnswer, ApiAnswer, string])[] = [
  ['equal', vector(['a', '1'], ['b', 'NaN']), vector(['b', 'NaN'], ['a', '1']), ''],
  ['a rounding apart', vector(['a', '0.30000000000000004']), vector(['a', '0.3']), ''],
  ['another value', vector(['a', '1.00001']), vector(['a', '1']), '{__name__="up",job="a"}: at 10 want 1, got 1.00001'],
  ['NaN for a number', vector(['a', 'NaN']), vector(['a', '1']), '{__name__="up",job="a"}: at 10 want 1, got NaN'],
  ['a number for NaN', vector(['a', '1']), vector(['a', 'NaN']), '{__name__="up",job="a"}: at 10 want NaN, got 1'],
  ['infinite', vector(['a', '+Inf']), vector(['a', '1e308']), '{__name__="up",job="a"}: at 10 want 1e308, got +Inf'],
  [
    'a series less',
    vector(['a', '1']),
    vector(['a', '1'], ['b', '1']),
    'want series {__name__="up",job="b"}, got 1 others',
  ],
  ['a series more', vector(['a', '1'], ['b', '1']), vector(['a', '1']), 'want no series {__name__="up",job="b"}'],
  ['nothing on both', vector(), vector(), 'Prometheus finds nothing: the query proves nothing'],
  ['another type', SCALAR, vector(['a', '1']), 'want a vector, got a scalar'],
  ['refused', REFUSED, SCALAR, 'refused: no'],
]

test.each(CASES)('%s', (_, ours, theirs, wanted) => {
  expect(compareAnswers(ours, theirs, false)).toBe(wanted)
})

test('order counts where it was asked for', () => {
  const answer = vector(['a', '1'], ['b', '3'], ['c', '2'])
  expect(compareAnswers(answer, answer, true)).toBe('want sorted values')
  expect(compareAnswers(answer, answer, false)).toBe('')
})
