import { describe, expect, test } from 'vitest'
import { arrowWidth, fittingName, mapArrow, mapGround, NODE_HEIGHT, NODE_WIDTH, nodeAt, nodeBeside } from './scene.ts'

const ground = mapGround(
  new Map([
    ['a', { column: -1, row: 2 }],
    ['b', { column: 0, row: 2 }],
    ['c', { column: 0, row: 3 }],
  ]),
)

test('the ground begins at the first column and row that are used', () => {
  expect(ground).toEqual({
    width: 2 * NODE_WIDTH + 72 + 48,
    height: 2 * NODE_HEIGHT + 20 + 48,
    boxes: new Map([
      ['a', { x: 24, y: 24 }],
      ['b', { x: 280, y: 24 }],
      ['c', { x: 280, y: 92 }],
    ]),
  })
  expect(mapGround(new Map())).toEqual({ width: 48, height: 48, boxes: new Map() })
})

describe('an arrow leads', () => {
  test.each([
    ['to the right', 'a', 'b', 'M208 48C244 48 244 48 274 48', 'M280 48l-8 -4v8z'],
    ['down and right', 'a', 'c', 'M208 48C244 48 244 116 274 116', 'M280 116l-8 -4v8z'],
    ['down, around the side', 'b', 'c', 'M464 48C518 48 518 116 470 116', 'M464 116l8 -4v8z'],
    ['back', 'c', 'a', 'M464 116C518 116 262 48 214 48', 'M208 48l8 -4v8z'],
    ['to itself', 'a', 'a', 'M208 48C262 48 262 60 214 60', 'M208 60l8 -4v8z'],
  ])('%s', (_, from, to, line, head) => expect(mapArrow(ground, { from, to })).toEqual({ line, head }))
  test('nowhere', () => expect(mapArrow(ground, { from: 'a', to: 'x' })).toBeUndefined())
})

test.each([
  [0, 100, 1.25],
  [100, 100, 4.25],
  [25, 100, 2.75],
  [Number.NaN, 100, 1.25],
  [1, 0, 1.25],
])('a rate of %d of %d is %d px wide', (rate, max, want) => expect(arrowWidth(rate, max)).toBe(want))

test('a long name ends in dots, by characters', () => {
  expect(fittingName('payments')).toBe('payments')
  expect(fittingName('x'.repeat(22))).toBe(`${'x'.repeat(20)}…`)
  expect(fittingName('🙂'.repeat(22))).toBe(`${'🙂'.repeat(20)}…`)
})

test('nodes are found by point and by direction', () => {
  expect(nodeAt(ground, 24, 24)).toBe('a')
  expect(nodeAt(ground, 280 + NODE_WIDTH, 24)).toBeUndefined()
  expect(nodeBeside(ground, 'a', 'right')).toBe('b')
  expect(nodeBeside(ground, 'b', 'down')).toBe('c')
  expect(nodeBeside(ground, 'c', 'up')).toBe('b')
  expect(nodeBeside(ground, 'c', 'left')).toBe('a')
  expect(nodeBeside(ground, 'a', 'left')).toBeUndefined()
  expect(nodeBeside(ground, 'x', 'left')).toBeUndefined()
})
