import { expect, test } from 'vitest'
import { InflightBytes, InflightHold } from './inflight.ts'

test('holds share one account, up to its cap', () => {
  const account = new InflightBytes(100)
  const first = new InflightHold(account)
  const second = new InflightHold(account)
  expect([first.ensure(60), second.ensure(41), second.ensure(40), account.usedBytes]).toEqual([true, false, true, 100])
  expect([first.ensure(61), first.ensure(60), first.ensure(10)]).toEqual([false, true, true])
  first.release()
  first.release()
  expect(account.usedBytes).toBe(40)
  second.release()
  expect(account.usedBytes).toBe(0)
})

test('the only request gets what it needs, at once or bit by bit', () => {
  const account = new InflightBytes(100)
  const only = new InflightHold(account)
  expect([only.ensure(80), only.ensure(200)]).toEqual([true, true])
  const other = new InflightHold(account)
  expect(other.ensure(1)).toBe(false)
  only.release()
  expect(account.usedBytes).toBe(0)
})
