import { mainRoot, type SpanTree } from './span-tree.ts'

/** A time in which a span alone held up the end of its trace. */
export interface CriticalSegment {
  readonly place: number
  readonly fromMs: number
  readonly toMs: number
}

/**
 * What the end of a trace waited for: from the end backwards, always the child that ended last before the moment
 * reached, else the span itself. What runs beside it, and what goes on after its parent's end, is not waited for.
 * @returns segments that cover the main root's time, the last first, each moment once
 */
export function criticalPath(tree: SpanTree): CriticalSegment[] {
  const root = mainRoot(tree)
  if (root === undefined) return []
  const { startMs } = tree.columns
  const segments: CriticalSegment[] = []
  const open = [{ place: root, endMs: endOf(tree, root) }]
  while (open.length > 0) {
    const { place, endMs } = open.pop() as { place: number; endMs: number }
    const fromMs = startMs[place] as number
    let atMs = endMs
    for (const child of byEnd(tree, place)) {
      const childEndMs = Math.min(endOf(tree, child), endMs)
      const childMs = Math.max(fromMs, startMs[child] as number)
      if (childEndMs > atMs || childMs >= childEndMs) continue
      if (childEndMs < atMs) segments.push({ place, fromMs: childEndMs, toMs: atMs })
      open.push({ place: child, endMs: childEndMs })
      atMs = childMs
    }
    if (fromMs < atMs) segments.push({ place, fromMs, toMs: atMs })
  }
  return segments
}

function endOf({ columns }: SpanTree, place: number): number {
  return (columns.startMs[place] as number) + (columns.durationMs[place] as number)
}

/** Children, the last to end first. */
function byEnd(tree: SpanTree, place: number): Int32Array {
  const own = tree.children.slice(tree.childFrom[place], tree.childFrom[place + 1])
  return own.sort((a, b) => endOf(tree, b) - endOf(tree, a))
}

/** Share of the path that each span has of its own, by place; 0 for what is not on it. */
export function criticalMs(tree: SpanTree, segments: readonly CriticalSegment[]): Float64Array {
  const out = new Float64Array(tree.columns.count)
  for (const { place, fromMs, toMs } of segments) out[place] = (out[place] as number) + toMs - fromMs
  return out
}
