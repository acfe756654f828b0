import { expect, test } from 'vitest'
import { OpenQuestions } from './open-questions.ts'

const signal = () => new AbortController().signal

test('questions are told apart by tenant and name, and count as long as they are answered', async () => {
  const [first, second, foreign] = [signal(), signal(), signal()]
  const read = new Map([
    [first, 5],
    [second, 30],
    [foreign, 1_000],
  ])
  const questions = new OpenQuestions((one) => read.get(one) ?? 0)
  const ask = async (...ids: string[]) => {
    const params = new URLSearchParams(ids.map((id): [string, string] => ['id', id]))
    const answer = await questions.route.handle({ tenant: 'mine', params, path: {}, signal: signal() })
    return answer.ok ? JSON.parse(String(answer.value.body)) : answer.error.code
  }
  const ends = [questions.begin('mine', 'a', first), questions.begin('mine', 'a', second)]
  questions.begin('other', 'a', foreign)
  questions.begin('mine', 'b c', foreign)
  questions.begin('mine', undefined, foreign)
  expect(await ask('a', 'a', 'b', 'b c')).toEqual({ rowsRead: 35 })
  ends[0]?.()
  expect(await ask('a')).toEqual({ rowsRead: 30 })
  ends[1]?.()
  expect(await ask('a')).toEqual({ rowsRead: 0 })
  expect(await ask(...Array.from({ length: 101 }, (_, i) => `q${i}`))).toBe('bad_request')
})
