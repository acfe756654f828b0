import { describe, expect, test } from 'vitest'
import { afterPictureKey, NO_CHOICE, type PictureChoice } from './picture-keys.ts'

describe('keys on a picture of ten columns and four rows', () => {
  const press = (keys: string, rows = 4): PictureChoice =>
    keys.split(' ').reduce<PictureChoice>((now, name) => {
      const key = name === 'Space' ? ' ' : name.replace('Shift+', '')
      const next = afterPictureKey(now, { key, shiftKey: name.startsWith('Shift+') }, { columns: 10, rows })
      return next === undefined || next === 'take' ? now : next
    }, NO_CHOICE)
  const check = (keys: string, column: number, row: number, anchor?: PictureChoice['anchor']) =>
    test(keys, () => expect(press(keys)).toEqual({ cell: { column, row }, anchor }))
  check('ArrowLeft', 9, 2)
  check('ArrowRight', 0, 2)
  check('End Shift+ArrowLeft', 0, 2)
  check('Home ArrowUp ArrowUp ArrowUp', 0, 3)
  check('Home ArrowDown', 0, 1)
  check('Home Space ArrowRight ArrowUp', 1, 3, { column: 0, row: 2 })
  check('Home Space ArrowRight Escape', 1, 2)
  check('Space', 9, 2)
  test('Escape drops the cell, too, and is for others where there is none', () => {
    expect(press('Home Escape')).toEqual(NO_CHOICE)
    const leave = { key: 'Escape', shiftKey: false }
    expect(afterPictureKey(NO_CHOICE, leave, { columns: 10, rows: 4 })).toBeUndefined()
  })
  test('without rows nothing is selected', () => {
    expect(press('Home Space Enter ArrowUp', 0)).toEqual({ cell: { column: 0, row: 0 }, anchor: undefined })
  })
})
