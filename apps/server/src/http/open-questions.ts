import type { Route } from '@vantage/api'
import { fault, ok, type TenantId } from '@vantage/model'

/** Of a request: the name that its caller gives to what it asks. */
export const QUESTION_HEADER = 'x-vantage-question'
const QUESTION_ID = /^[\w-]{1,64}$/
/** Questions that one request may ask about. */
const IDS_MAX = 100

/** Requests whose callers have given them a name, while they are answered: how much they have read can be asked for. */
export class OpenQuestions {
  /** By tenant and name; requests of one question have the same. */
  readonly #signals = new Map<string, Set<AbortSignal>>()
  readonly #rowsRead: (signal: AbortSignal) => number

  constructor(rowsRead: (signal: AbortSignal) => number) {
    this.#rowsRead = rowsRead
  }

  /** @returns to be called once it is answered */
  begin(tenant: TenantId, id: unknown, signal: AbortSignal): () => void {
    if (typeof id !== 'string' || !QUESTION_ID.test(id)) return () => {}
    const key = `${tenant} ${id}`
    const signals = this.#signals.get(key) ?? new Set()
    this.#signals.set(key, signals.add(signal))
    return () => {
      signals.delete(signal)
      if (signals.size === 0) this.#signals.delete(key)
    }
  }

  get route(): Route {
    return {
      methods: ['GET'],
      path: '/api/vantage/v1/questions',
      permission: 'metrics:read',
      summary: `How many samples and rows were read so far for questions that are being answered; requests name theirs by the header ${QUESTION_HEADER}`,
      parameters: [
        { name: 'id', in: 'query', required: true, type: 'string', repeated: true, description: 'name of a question' },
      ],
      faults: 'vantage',
      handle: async ({ tenant, params }) => {
        const ids = new Set(params.getAll('id'))
        if (ids.size > IDS_MAX) {
          return { ok: false, error: fault('bad_request', `id: want at most ${IDS_MAX}, got ${ids.size}`) }
        }
        return ok({ contentType: 'application/json', body: JSON.stringify({ rowsRead: this.#read(tenant, ids) }) })
      },
    }
  }

  #read(tenant: TenantId, ids: Iterable<string>): number {
    let sum = 0
    for (const id of ids) for (const signal of this.#signals.get(`${tenant} ${id}`) ?? []) sum += this.#rowsRead(signal)
    return sum
  }
}
