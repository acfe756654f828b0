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

test('histograms', () => {
  const textOf = (item: string) => {
    return parseSeries(`x ${item}`).points.map((point) => {
      if (point.kind !== 'histogram') return point.kind
      const { positive, negative } = point.histogram
      const side = ({ indexes, counts }: typeof positive) => [...indexes].map((index, i) => `${index}:${counts[i]}`)
      return [point.histogram.count, ...side(positive), ...side(negative)].join(' ')
    })
  }
  expect(textOf('{{}}')).toEqual(['0'])
  expect(textOf('{{count:3 offset:-1 buckets:[1 2] n_offset:4 n_buckets:[Inf]}}')).toEqual(['3 -1:1 0:2 4:Infinity'])
  expect(textOf('{{count:1}}x2 _')).toEqual(['1', '1', '1', 'none'])
  expect(textOf('{{count:1 buckets:[1]}}+{{count:2 buckets:[0 2]}}x2')).toEqual(['1 0:1', '3 0:1 1:2', '5 0:1 1:4'])
  expect(textOf('{{count:5}}-{{count:2}}x1')).toEqual(['5', '3'])
})

test.each([
  '{{count:1',
  '{{count}}',
  '{{counts:1}}',
  '{{count:1 count:2}}',
  '{{count:x}}',
  '{{schema:9}}',
  '{{schema:[1]}}',
  '{{schema: 1}}',
  '{{buckets:1}}',
  '{{buckets:[1] offset:0.5}}',
  '{{schema:0.5}}',
  '{{counter_reset_hint:maybe}}',
  '{{count:1}}+{{schema:-53}}x1',
])('%s is refused', (item) => {
  expect(() => parseSeries(`x ${item}`)).toThrow(NotationError)
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
