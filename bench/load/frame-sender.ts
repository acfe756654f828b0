import { type Labels, labelsFromRecord } from '@vantage/model'
import { RequestTemplate } from './remote-write-load.ts'
import type { Sender } from './sender.ts'

const FRAME_MS = 1000 / 60

/** Series of one metric for some subscriptions of `perSubscription` each, told apart by label `board`. */
export function boardSeries(name: string, subscriptions: number, perSubscription: number): Labels[] {
  return Array.from({ length: subscriptions * perSubscription }, (_, i) => {
    const board = String(i % subscriptions)
    return labelsFromRecord({ __name__: name, board, job: 'bench', unit: String(Math.floor(i / subscriptions)) })
  })
}

/**
 * A request for every frame, by a clock that does not drift.
 * @param turns each series has a new sample in every frame of so many; 1: in all of them
 */
export async function sendFrames(
  sender: Sender,
  series: readonly Labels[],
  turns: number,
  over: AbortSignal,
): Promise<void> {
  const perTurn = Math.ceil(series.length / turns)
  const templates = Array.from({ length: turns }, (_, turn) => {
    return new RequestTemplate(series.slice(turn * perTurn, (turn + 1) * perTurn))
  })
  const startMs = performance.now()
  let lastMs = 0
  for (let tick = 1; !over.aborted; tick++) {
    const waitMs = startMs + tick * FRAME_MS - performance.now()
    if (waitMs >= 1) await new Promise((wake) => setTimeout(wake, waitMs))
    // Two frames that were late together do not share a moment.
    lastMs = Math.max(lastMs + 1, Date.now())
    const template = templates[tick % turns] as RequestTemplate
    await sender.send(
      0,
      template.body(lastMs, (index) => Math.sin(tick / 60 + index)),
    )
  }
}
