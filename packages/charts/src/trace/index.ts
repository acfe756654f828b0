export { TextFitter } from '../canvas-text.ts'
export { FLAME_ROW_PX, type FlameFrame, flameFrameAt, flameFrames, paintFlame } from '../flame/flame.ts'
export {
  paintScatter,
  type ScatterBox,
  type ScatterPoint,
  type ScatterScale,
  scatterAt,
  scatterScale,
  scatterX,
  scatterY,
} from '../scatter/scatter.ts'
export { AXIS_PX, ROW_PX, rowAt, type WaterfallFrame } from '../waterfall/frame.ts'
export { paintMinimap } from '../waterfall/minimap.ts'
export { WaterfallPainter } from '../waterfall/paint.ts'
export { groupMs } from '../waterfall/paint-names.ts'
export { COMPARE_MARKS, COMPARE_RULE, type ComparedCall, type CompareMark, compareCalls } from './compare.ts'
export { type CriticalSegment, criticalMs, criticalPath } from './critical-path.ts'
export { type MergedCall, mergedCalls, type OperationSums, operationsOf } from './merged-calls.ts'
export { serviceCalls, type TraceCalls, type TraceService } from './service-calls.ts'
export { matchingSpans, nextError, withAncestors } from './span-filter.ts'
export { mainRoot, type SpanTree, spanTree } from './span-tree.ts'
export {
  canFold,
  openingDepth,
  revealing,
  type WaterfallRow,
  type WaterfallView,
  waterfallRows,
} from './waterfall-rows.ts'
