import { type Labels, labelsFromRecord } from '@vantage/model'
import { RequestTemplate } from './remote-write-load.ts'
import type { Sender } from './sender.ts'

const FRAME_MS = 1000 / 60

/** Labels of `count` series of one metric. */
export function unitSeries(name: string, count: number): Labels[] {
  return Array.from({ length: count }, (_, i) => labelsFromRecord({ __name__: name, job: 'bench', unit: String(i) }))
}

/** A sample of every series for every frame, by a clock that does not drift. */
export async function sendFrames(sender: Sender, series: readonly Labels[], over: AbortSignal): Promise<void> {
  const template = new RequestTemplate(series)
  const startMs = performance.now()
  let lastMs = 0
  for (let tick = 1; !over.aborted; tick++) {
    const waitMs = startMs + tick * FRAME_MS - performance.now()
    if (waitMs >= 1) await new Promise((wake) => setTimeout(wake, waitMs))
    // Two frames that were late together do not share a moment.
    lastMs = Math.max(lastMs + 1, Date.now())
    const body = template.body(lastMs, (index) => Math.sin(tick / 60 + index))
    await sender.send(0, body)
  }
}
