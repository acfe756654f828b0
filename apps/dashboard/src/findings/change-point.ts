/**
 * Where a line steps from one level to another: the place that splits it into two parts with the least squared distance
 * from their means.
 * @param values oldest first; NaN where nothing is known
 * @param direction +1 where the line rises there, -1 where it falls
 * @returns the first index of the later part with both means; undefined where no split goes in that direction
 */
export function changePoint(values: readonly number[], direction: 1 | -1): ChangePoint | undefined {
  const known = [...values.keys()].filter((i) => !Number.isNaN(values[i]))
  const total = known.reduce((sum, i) => sum + (values[i] as number), 0)
  let best: ChangePoint | undefined
  let bestGain = 0
  let sum = 0
  for (let count = 1; count < known.length; count++) {
    sum += values[known[count - 1] as number] as number
    const rest = known.length - count
    const before = sum / count
    const after = (total - sum) / rest
    // The squared distance that the split explains.
    const gain = ((count * rest) / known.length) * (after - before) ** 2
    if ((after - before) * direction <= 0 || gain <= bestGain) continue
    best = { index: known[count] as number, before, after }
    bestGain = gain
  }
  return best
}

export interface ChangePoint {
  readonly index: number
  readonly before: number
  readonly after: number
}
