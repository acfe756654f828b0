import { expect, test } from 'vitest'
import { paneChange, paneParams } from '../app/router.ts'
import { shiftMsOf } from '../time/pane-time.ts'
import { aloneOf, signalIn, splitOf, withSignal } from './signals.ts'

const textOf = (params: URLSearchParams) => decodeURIComponent(params.toString())

test('a half sees its own parameters and the time, and writes them under its name', () => {
  const params = new URLSearchParams('from=now-1h&left=logs&left.q={a="b"}&right.q={}&left.col=x&left.col=y')
  expect(textOf(paneParams(params, 'left'))).toBe('from=now-1h&q={a="b"}&col=x&col=y')
  expect(textOf(paneParams(params, 'right'))).toBe('from=now-1h&q={}')
  expect(paneParams(params, '')).toBe(params)
  expect(paneChange({ q: '{}', from: 'now-5m', line: null }, 'left')).toEqual({
    'left.q': '{}',
    from: 'now-5m',
    'left.line': null,
  })
})

test('splitting puts what is shown into both halves; one of them leads back to it alone', () => {
  const split = splitOf('logs', new URLSearchParams('from=now-1h&q={}&col=x&col=y'))
  expect(split).toEqual({
    left: 'logs',
    right: 'logs',
    'left.q': ['{}'],
    'right.q': ['{}'],
    'left.col': ['x', 'y'],
    'right.col': ['x', 'y'],
  })
  const params = new URLSearchParams('from=now-1h&left=logs&left.q={}&right=traces&right.q={ .a = 1 }')
  expect(aloneOf('right', params)).toEqual({ q: ['{ .a = 1 }'] })
  expect(signalIn(params, 'right')).toBe('traces')
  expect(signalIn(new URLSearchParams('left=nothing'), 'left')).toBe('metrics')
})

test.each([
  ['shift=1h', 3_600_000],
  ['shift=2w', 1_209_600_000],
  ['shift=90', 0],
  ['shift=-1h', 0],
  ['shift=99999w', 0],
  ['', 0],
])('%s looks %d ms earlier', (text, shiftMs) => expect(shiftMsOf(new URLSearchParams(text))).toBe(shiftMs))

test('a half alone shows the time of all; another signal in it stays as much earlier', () => {
  const params = new URLSearchParams('from=now-1h&left=logs&left.q={}&left.shift=1d')
  expect(aloneOf('left', params)).toEqual({ q: ['{}'] })
  expect(withSignal('left', 'traces', params)).toEqual({ left: 'traces', 'left.q': null })
})

test('another signal drops what belonged to the former one', () => {
  const params = new URLSearchParams('left=logs&left.q={}&left.tab=fields&right.q=x')
  expect(withSignal('left', 'traces', params)).toEqual({ left: 'traces', 'left.q': null, 'left.tab': null })
})
