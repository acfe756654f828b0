import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { rowEncoder } from '@vantage/api'
import {
  type Fault,
  FaultError,
  fault,
  type LogReader,
  type MetricReader,
  type QueryBudget,
  type Result,
  type TenantId,
} from '@vantage/model'
import { evaluateLogqlShare, type LogqlHelpers, type LogqlShareAnswer, type LogqlShareTask } from '@vantage/query/logql'
import { evaluateShare, type Helpers, type ShareAnswer, type ShareTask } from '@vantage/query/promql'
import { RunBoard } from './run-board.ts'

/** A worker's call for help with its question, for the pool to pass on to whoever is free. */
export interface HelpRequest {
  readonly id: number
  readonly share: SharedTask
}

/** A task on its way to another worker. */
export type SharedTask = SharedWork & {
  readonly words: Int32Array<SharedArrayBuffer>
  /** Where the answer goes. */
  readonly port: MessagePort
}

/** What is shared, by the language of its query. */
type SharedWork =
  | { readonly lang: 'promql'; readonly task: ShareTask }
  | { readonly lang: 'logql'; readonly task: LogqlShareTask }

/** Rows that a thread reads in a third of a second where nothing is compiled yet: starting another takes a fifth. */
const LONG_ROWS = 2_000_000

/** True where it is known from the start that even a cold thread shortens the work. */
export function isLong(work: SharedWork): boolean {
  return work.lang === 'logql' && work.task.rows >= LONG_ROWS
}

type Answer<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly fault: Fault }

/** Help for one question of a worker. */
export class ThreadHelpers {
  readonly #id: number
  readonly #port: MessagePort
  readonly #budget: QueryBudget
  readonly #open: { readonly board: RunBoard; readonly answers: MessagePort }[] = []

  constructor(id: number, port: MessagePort, budget: QueryBudget) {
    this.#id = id
    this.#port = port
    this.#budget = budget
  }

  readonly promql: Helpers = { offer: (task) => this.#offer<ShareAnswer>({ lang: 'promql', task }) }
  readonly logql: LogqlHelpers = { offer: (task) => this.#offer<LogqlShareAnswer>({ lang: 'logql', task }) }

  #offer<Value>(work: SharedWork): { claim(): number; collect(): Value[] } {
    const board = new RunBoard(work.task.runs)
    const { port1: answers, port2: port } = new MessageChannel()
    this.#open.push({ board, answers })
    const request: HelpRequest = { id: this.#id, share: { ...work, words: board.words, port } }
    this.#port.postMessage(request, [port])
    return { claim: () => board.claimFront(), collect: () => this.#collect<Value>(board, answers) }
  }

  #collect<Value>(board: RunBoard, answers: MessagePort): Value[] {
    if (!board.wait(() => this.#budget.check())) {
      throw new FaultError(fault('internal', 'query: a thread that helped has ended'))
    }
    const found: Value[] = []
    for (let got = receiveMessageOnPort(answers); got !== undefined; got = receiveMessageOnPort(answers)) {
      const answer = got.message as Answer<Value>
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

/** What a thread that helps reads from. */
interface HelpReaders {
  readonly metrics: MetricReader
  readonly logs: LogReader
}

/** Helps another worker: evaluates runs of its task until none is left, and sends it what came of them. */
export function help(share: SharedTask, tenant: TenantId, readers: HelpReaders, budget: QueryBudget): void {
  const { words, port } = share
  const board = new RunBoard(share.task.runs, words)
  board.join()
  const { answer, buffers } = answerShare(share, tenant, readers, budget, () => board.claimBack())
  port.postMessage(answer.ok ? answer : { ok: false, fault: answer.error }, buffers)
  board.finish()
  port.close()
}

function answerShare(
  share: SharedWork,
  tenant: TenantId,
  { metrics, logs }: HelpReaders,
  budget: QueryBudget,
  claim: () => number,
): { readonly answer: Result<ShareAnswer | LogqlShareAnswer, Fault>; readonly buffers: ArrayBuffer[] } {
  if (share.lang === 'promql') {
    const answer = evaluateShare(share.task, tenant, metrics, budget, claim, rowEncoder())
    return { answer, buffers: answer.ok ? buffersOf(answer.value) : [] }
  }
  const answer = evaluateLogqlShare(share.task, tenant, logs, budget, claim)
  const columns = answer.ok ? answer.value.parts.flatMap(({ rows, sums }) => [rows, sums]) : []
  return { answer, buffers: columns.map((one) => one.buffer as ArrayBuffer) }
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
