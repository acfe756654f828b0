import { expect, test } from 'vitest'
import { parseSeries } from './notation.ts'
import { NotationError } from './notation-error.ts'

function pointsOf(line: string) {
  return parseSeries(line).points.map((point) => (point.kind === 'value' ? point.value : point.kind))
}

test('points', () => {
  expect(pointsOf('x 1 2.5 -3 1e3')).toEqual([1, 2.5, -3, 1000])
  expect(pointsOf('x 1+2x3')).toEqual([1, 3, 5, 7])
  expect(pointsOf('x 10-5x2 7x1')).toEqual([10, 5, 0, 7, 7])
  expect(pointsOf('x 0x2 -Inf NaN')).toEqual([0, 0, 0, -Infinity, Number.NaN])
  expect(pointsOf('x _ _x2 stale')).toEqual(['none', 'none', 'none', 'stale'])
  expect(pointsOf('x {{count:1 sum:2}} {{count:1}}+{{count:2}}x2')).toEqual(Array(4).fill('histogram'))
})

test('labels', () => {
  expect(parseSeries('{} 1').labels).toEqual([])
  expect(parseSeries('m{b="}", a=\'x y\'} 1').labels).toEqual(['__name__', 'm', 'a', 'x y', 'b', '}'])
  expect(parseSeries('{"my.metric"} 1').labels).toEqual(['__name__', 'my.metric'])
  expect(parseSeries('m@st _ -1m -30s-1mx1 0x1').startOffsetsMs).toEqual([undefined, -60e3, -30e3, -90e3, 0, 0])
})

test.each(['m 1 _2', 'm -3-3', 'm 1+1x', 'm{a!="b"} 1', 'm', 'm{a="b" 1'])('%s is refused', (line) => {
  expect(() => parseSeries(line)).toThrow(/./)
})

test('a typing error in a count does not fill the memory', () => {
  expect(() => parseSeries('m 1x9999999999')).toThrow(NotationError)
})
