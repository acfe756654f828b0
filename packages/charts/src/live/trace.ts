import type { SampleRing } from './ring.ts'

/**
 * Strokes one series from the sample before `fromPx` to its end. Where several samples fall into one
 * pixel column, the column's first, smallest, largest and last value are drawn, so that spikes survive.
 * Hot: no allocation, no closures.
 * @param endPx absolute pixel (unix ms × pxPerMs) of the right edge
 * @param min,max values at the lower and upper edge
 */
export function traceSeries(
  context: OffscreenCanvasRenderingContext2D,
  ring: SampleRing,
  fromPx: number,
  width: number,
  height: number,
  pxPerMs: number,
  endPx: number,
  min: number,
  max: number,
): void {
  const { times, values, first, count, baseMs, joinMs } = ring
  const end = first + count
  if (count === 0) return
  // x of a sample = offset × pxPerMs + shift; the large parts cancel before float arithmetic sees them.
  const shift = baseMs * pxPerMs - endPx + width
  const yPerUnit = height / (max - min)
  let i = Math.max(first, ring.indexAt((fromPx + endPx - width) / pxPerMs) - 1)
  let isDown = false
  let formerOffset = 0
  context.beginPath()
  while (i < end) {
    const offset = times[i] as number
    const value = values[i] as number
    if (value - value !== 0) {
      isDown = false
      i++
      continue
    }
    const x = offset * pxPerMs + shift
    const y = height - (value - min) * yPerUnit
    if (isDown && offset - formerOffset <= joinMs) context.lineTo(x, y)
    else startRun(context, x, y)
    isDown = true
    i = drawColumn(context, ring, i + 1, end, x, shift, pxPerMs, height, min, yPerUnit, value)
    formerOffset = times[i - 1] as number
    if (x > width) break
  }
  context.stroke()
}

/** A run that may stay alone is a short mark, so that one sample can be seen. */
function startRun(context: OffscreenCanvasRenderingContext2D, x: number, y: number): void {
  context.moveTo(x - 0.5, y)
  context.lineTo(x + 0.5, y)
}

/** Takes all further samples of the pixel column that starts at `x`. @returns index of the next sample */
function drawColumn(
  context: OffscreenCanvasRenderingContext2D,
  ring: SampleRing,
  from: number,
  end: number,
  x: number,
  shift: number,
  pxPerMs: number,
  height: number,
  min: number,
  yPerUnit: number,
  firstValue: number,
): number {
  const { times, values } = ring
  let low = firstValue
  let high = firstValue
  let last = firstValue
  let i = from
  while (i < end && (times[i] as number) * pxPerMs + shift < x + 1) {
    const value = values[i] as number
    if (value - value !== 0) break
    if (value < low) low = value
    if (value > high) high = value
    last = value
    i++
  }
  let at = firstValue
  if (low < at) {
    context.lineTo(x, height - (low - min) * yPerUnit)
    at = low
  }
  if (high > firstValue) {
    context.lineTo(x, height - (high - min) * yPerUnit)
    at = high
  }
  if (last !== at) context.lineTo(x, height - (last - min) * yPerUnit)
  return i
}
