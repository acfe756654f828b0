import uPlot from 'uplot'

/**
 * The path of one part of a stack. Its line is left out where the part is nothing: there it would lie on the line of the part
 * below, in a colour that counts nothing.
 * @param own gets the values of the part itself, not what they add up to: frames come and go, the path stays
 */
export function stackedPath(own: () => readonly (number | null)[]): uPlot.Series.PathBuilder {
  const linear = (uPlot.paths.linear as () => uPlot.Series.PathBuilder)()
  return (plot, series, from, to) => {
    const drawn = linear(plot, series, from, to)
    return drawn === null ? null : { ...drawn, stroke: lineOf(plot, series, own(), from, to) }
  }
}

function lineOf(plot: uPlot, series: number, own: readonly (number | null)[], from: number, to: number): Path2D {
  const [times, sums] = [plot.data[0], plot.data[series] as (number | null | undefined)[]]
  const isCounted = (at: number) => (own[at] ?? 0) !== 0
  const line = new Path2D()
  let isDown = false
  for (let at = from; at <= to; at++) {
    const sum = sums[at] ?? undefined
    // A slope begins and ends at nothing.
    if (sum === undefined || !(isCounted(at) || isCounted(at - 1) || isCounted(at + 1))) {
      isDown = false
      continue
    }
    const [x, y] = [plot.valToPos(times[at] as number, 'x', true), plot.valToPos(sum, 'y', true)]
    if (isDown) line.lineTo(x, y)
    else line.moveTo(x, y)
    isDown = true
  }
  return line
}
