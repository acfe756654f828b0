import { VantageClient } from '@vantage/api/client'
import { learnServerTime } from '../time/page-clock.ts'

/** The API of the server that delivered this page. Each answer says what the time is there. */
export const client = new VantageClient({
  baseUrl: '',
  fetch: async (...request) => {
    const askedMs = Date.now()
    const answer = await fetch(...request)
    learnServerTime(Date.parse(answer.headers.get('date') ?? ''), askedMs, Date.now())
    return answer
  },
})
