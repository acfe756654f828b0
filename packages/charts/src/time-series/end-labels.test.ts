import { describe, expect, test } from 'vitest'
import { apartFrom, endLabelsPx } from './end-labels.ts'
import { EMPTY_FRAME, type TimeSeriesFrame } from './model.ts'

const frameOf = (labels: readonly string[], more: Partial<TimeSeriesFrame> = {}): TimeSeriesFrame => ({
  ...EMPTY_FRAME,
  mode: 'line',
  series: labels.map((label, slot) => ({ key: label, label, slot, values: [1] })),
  ...more,
})

describe('names at the ends of lines', () => {
  const check = (name: string, frame: TimeSeriesFrame, chartPx: number, has: boolean) =>
    test(name, () => expect(endLabelsPx(frame, chartPx) > 0).toBe(has))
  check('two to four lines have them', frameOf(['p50', 'p95', 'p99']), 600, true)
  check('one line has its title', frameOf(['p50']), 600, false)
  check('more have the legend', frameOf(['a', 'b', 'c', 'd', 'e']), 600, false)
  check('those that are hidden do not count', frameOf(['a', 'b'], { hidden: new Set(['a']) }), 600, false)
  check('areas have none', frameOf(['a', 'b'], { mode: 'stacked' }), 600, false)
  check('in a narrow chart there is no room', frameOf(['a', 'b']), 360, false)
  check('long names stay in the legend', frameOf(['a', 'checkout.example.com']), 600, false)
})

test('places are moved apart as little as needed, within their bounds', () => {
  expect(apartFrom([50, 10, 52], 13, 0, 100)).toEqual([50, 10, 63])
  expect(apartFrom([98, 99], 13, 0, 100)).toEqual([87, 100])
  expect(apartFrom([-5], 13, 0, 100)).toEqual([0])
})
