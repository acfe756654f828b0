import { VantageClient } from '@vantage/api/client'
import { learnServerTime } from '../time/page-clock.ts'
import { questionId } from './open-questions.ts'

/** The API of the server that delivered this page. Each answer says what the time is there. */
export const client = new VantageClient({
  baseUrl: '',
  fetch: async (url, request) => {
    const askedMs = Date.now()
    const id = questionId(request?.signal)
    const headers = id === undefined ? {} : { headers: { ...request?.headers, 'x-vantage-question': id } }
    const answer = await fetch(url, { ...request, ...headers })
    learnServerTime(Date.parse(answer.headers.get('date') ?? ''), askedMs, Date.now())
    return answer
  },
})
