import { layoutMap } from '@vantage/charts'
import type { LayoutAnswer, LayoutRequest } from './layout-messages.ts'

/** Lays maps out, away from the thread that draws. */
addEventListener('message', ({ data: { id, graph, known } }: MessageEvent<LayoutRequest>) => {
  const answer: LayoutAnswer = { id, places: [...layoutMap(graph, new Map(known))] }
  postMessage(answer)
})
