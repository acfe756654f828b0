import type { Stream } from '@vantage/query/logql'
import { AnswerWriter } from '../answer-writer.ts'
import { CATEGORIZE_LABELS, writeStreams } from './answers.ts'

/** A row that a follower did not get: it was too slow. */
export interface DroppedEntry {
  readonly timeNs: bigint
  readonly labels: readonly string[]
}

/**
 * One message of a followed query, `{"streams": […]}`, with rows as `followLogql` gives them.
 * Source: grafana/loki docs/sources/reference/loki-http-api.md, "Stream logs".
 * @param dropped rows that were left out since the last message
 */
export function tailMessage(
  streams: readonly Stream[],
  dropped: readonly DroppedEntry[],
  isCategorized: boolean,
): Uint8Array<ArrayBuffer> {
  const out = new AnswerWriter()
  out.raw('{"streams":')
  writeStreams(out, streams, isCategorized)
  if (dropped.length > 0) {
    out.raw(',"dropped_entries":[')
    for (const [i, { timeNs, labels }] of dropped.entries()) {
      out.raw(`${i > 0 ? ',' : ''}{"timestamp":"${timeNs}","labels":`)
      out.labels(labels)
      out.raw('}')
    }
    out.raw(']')
  }
  if (isCategorized) out.raw(`,"encodingFlags":["${CATEGORIZE_LABELS}"]`)
  out.raw('}')
  return out.finish()
}
