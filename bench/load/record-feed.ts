import { type DoorClient, grpcClient } from './door-clients.ts'
import type { RecordTemplate } from './record-template.ts'

/** Each with one request in flight. */
const CONNECTIONS = 4
/** After a refusal: as a sender does that backs off. */
const RETRY_MS = 50
const REFUSALS_MAX = 2_000

export interface FeedResult {
  readonly rows: number
  readonly seconds: number
  /** From the first byte sent to the answer; the making of the request not counted. */
  readonly latenciesMs: readonly number[]
  readonly refusals: number
}

/** When rows are, and how long there are more of them. */
export interface FeedPlan {
  /** Of the first row of request `index`. */
  startNs(index: number): bigint
  readonly stepNs: number
  /** True as long as request `index` is to be sent. */
  goesOn(index: number): boolean
}

/** Requests of one signal over OTLP gRPC, as fast as they are answered. */
export class RecordFeed {
  readonly #clients: readonly DoorClient[]
  readonly #templates: readonly RecordTemplate[]
  #sent = 0

  constructor(target: string, path: string, templates: readonly RecordTemplate[]) {
    this.#clients = Array.from({ length: CONNECTIONS }, () => grpcClient(target, path))
    this.#templates = templates
  }

  async send(plan: FeedPlan): Promise<FeedResult> {
    const latenciesMs: number[] = []
    const told = { rows: 0, refusals: 0 }
    let next = 0
    const startedMs = performance.now()
    await Promise.all(
      this.#clients.map(async (client, connection) => {
        const own = this.#templates.filter((_, i) => i % CONNECTIONS === connection)
        for (let turn = 0; plan.goesOn(next); turn++) {
          const index = next++
          const template = own[turn % own.length] as RecordTemplate
          const body = template.patch(plan.startNs(index), plan.stepNs, ++this.#sent)
          const sentMs = performance.now()
          told.refusals += await sendUntilTaken(client, body)
          latenciesMs.push(performance.now() - sentMs)
          told.rows += template.rows
        }
      }),
    )
    return { ...told, seconds: (performance.now() - startedMs) / 1000, latenciesMs }
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }
}

/** @returns how often it was refused before */
async function sendUntilTaken(client: DoorClient, body: Buffer): Promise<number> {
  for (let refusals = 0; refusals < REFUSALS_MAX; refusals++) {
    if ((await client.send(body)) === 'taken') return refusals
    await new Promise((wake) => setTimeout(wake, RETRY_MS))
  }
  throw new Error(`a request was refused ${REFUSALS_MAX} times`)
}
