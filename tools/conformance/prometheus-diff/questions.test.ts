import { expect, test } from 'vitest'
import { EXPERIMENTAL_OPTIONS, parsePromql } from '../../../packages/query/src/promql/index.ts'
import { listQuestions } from './questions.ts'

const QUESTIONS = listQuestions(1_763_692_802_345)

test('there are at least 200 questions and three of each family', () => {
  expect(QUESTIONS.length).toBeGreaterThanOrEqual(200)
  const families = Map.groupBy(QUESTIONS, ({ family }) => family)
  for (const [family, list] of families) expect(list.length, family).toBeGreaterThanOrEqual(3)
})

test('every question is valid PromQL', () => {
  for (const { query } of QUESTIONS) {
    const parsed = parsePromql(query, EXPERIMENTAL_OPTIONS)
    expect(parsed.ok, query).toBe(true)
  }
})
