/**
 * The path of a sparkline in a box of `width` × `height`, y from the smallest to the largest value.
 * @param values oldest first; NaN lifts the pen
 * @returns SVG path data, '' where there is nothing to draw
 */
export function sparklinePath(values: readonly number[], width: number, height: number): string {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (value < min) min = value
    if (value > max) max = value
  }
  if (values.length < 2 || !(min <= max)) return ''
  const span = max - min || 1
  const dx = width / (values.length - 1)
  let path = ''
  let isDown = false
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    if (Number.isNaN(value)) {
      isDown = false
      continue
    }
    const y = max === min && max !== 0 ? height / 2 : height - ((value - min) / span) * height
    path += `${isDown ? 'L' : 'M'}${(i * dx).toFixed(1)} ${y.toFixed(1)}`
    isDown = true
  }
  return path
}

/**
 * What lies below a sparkline, down to the edge of its box.
 * @param path of the sparkline
 */
export function sparklineArea(path: string, height: number): string {
  const strokes = path.split('M').slice(1)
  return strokes
    .map((stroke) => {
      const points = stroke.split('L')
      const xOf = (point = '') => point.split(' ')[0]
      return `M${xOf(points[0])} ${height}L${stroke}L${xOf(points.at(-1))} ${height}Z`
    })
    .join('')
}
