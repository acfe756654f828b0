import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { rowEncoder } from '@vantage/api'
import { type Fault, FaultError, fault, type MetricReader, type QueryBudget, type TenantId } from '@vantage/model'
import { evaluateShare, type Helpers, type Offer, type ShareAnswer, type ShareTask } from '@vantage/query/promql'
import { RunBoard } from './run-board.ts'

/** A worker's call for help with its question, for the pool to pass on to whoever is free. */
export interface HelpRequest {
  readonly id: number
  readonly share: SharedTask
}

/** A task on its way to another worker. */
export interface SharedTask {
  readonly task: ShareTask
  readonly words: Int32Array<SharedArrayBuffer>
  /** Where the answer goes. */
  readonly port: MessagePort
}

type Answer = { readonly ok: true; readonly value: ShareAnswer } | { readonly ok: false; readonly fault: Fault }

/** Help for one question of a worker. */
export class ThreadHelpers implements Helpers {
  readonly #id: number
  readonly #port: MessagePort
  readonly #budget: QueryBudget
  readonly #open: { readonly board: RunBoard; readonly answers: MessagePort }[] = []

  constructor(id: number, port: MessagePort, budget: QueryBudget) {
    this.#id = id
    this.#port = port
    this.#budget = budget
  }

  offer(task: ShareTask): Offer {
    const board = new RunBoard(task.runs)
    const { port1: answers, port2: port } = new MessageChannel()
    this.#open.push({ board, answers })
    const request: HelpRequest = { id: this.#id, share: { task, words: board.words, port } }
    this.#port.postMessage(request, [port])
    return { claim: () => board.claimFront(), collect: () => this.#collect(board, answers) }
  }

  #collect(board: RunBoard, answers: MessagePort): ShareAnswer[] {
    if (!board.wait(() => this.#budget.check())) {
      throw new FaultError(fault('internal', 'query: a thread that helped has ended'))
    }
    const found: ShareAnswer[] = []
    for (let got = receiveMessageOnPort(answers); got !== undefined; got = receiveMessageOnPort(answers)) {
      const answer = got.message as Answer
      if (!answer.ok) throw new FaultError(answer.fault)
      found.push(answer.value)
    }
    return found
  }

  /** The question is answered or has failed: whoever still helps stops at the next run. */
  close(): void {
    for (const { board, answers } of this.#open) {
      board.close()
      answers.close()
    }
  }
}

/** Helps another worker: evaluates runs of its task until none is left, and sends it what came of them. */
export function help({ task, words, port }: SharedTask, tenant: TenantId, reader: MetricReader, budget: QueryBudget) {
  const board = new RunBoard(task.runs, words)
  board.join()
  const result = evaluateShare(task, tenant, reader, budget, () => board.claimBack(), rowEncoder())
  const answer: Answer = result.ok ? result : { ok: false, fault: result.error }
  port.postMessage(answer, result.ok ? buffersOf(result.value) : [])
  board.finish()
  port.close()
}

function buffersOf(answer: ShareAnswer): ArrayBuffer[] {
  const columns = [
    ...answer.groups.flatMap(({ state }) => [...state.columns, state.seen]),
    ...answer.rows.flatMap(({ values, present, encoded }) => [
      values,
      present,
      ...(encoded === undefined ? [] : [encoded]),
    ]),
  ]
  return columns.map((one) => one.buffer as ArrayBuffer)
}
