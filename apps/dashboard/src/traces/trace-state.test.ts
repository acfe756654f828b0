import { describe, expect, test } from 'vitest'
import { toggledParam, traceStateOf, withToggled, zoomed, zoomText } from './trace-url.ts'
import { fieldText, hasAnotherValue, hasValue, withCondition } from './traceql.ts'

describe('the URL of a trace', () => {
  test('says everything; what it does not say is the plain view', () => {
    const plain = traceStateOf(new URLSearchParams())
    expect(plain).toEqual({
      view: 'waterfall',
      selected: '',
      filter: '',
      isHiding: false,
      toggled: new Set(),
      isUnfolded: false,
      hasCriticalPath: false,
      zoom: undefined,
      namesPx: undefined,
      isTable: false,
      focus: null,
    })
    const key = 'a'.repeat(16)
    const full = `view=flame&span=${key}&find=x&others=hidden&fold=${key}.g${key}&levels=all&path=1&zoom=1.5-9&names=300&table=1&focus=0.1`
    expect(traceStateOf(new URLSearchParams(full))).toEqual({
      view: 'flame',
      selected: key,
      filter: 'x',
      isHiding: true,
      toggled: new Set([key, `g${key}`]),
      isUnfolded: true,
      hasCriticalPath: true,
      zoom: { fromMs: 1.5, toMs: 9 },
      namesPx: 300,
      isTable: true,
      focus: '0.1',
    })
  })
  test('what it cannot mean is left out', () => {
    const odd = traceStateOf(new URLSearchParams('view=x&fold=<img>.zz&zoom=9-1&names=1e9'))
    expect([odd.view, odd.toggled.size, odd.zoom, odd.namesPx]).toEqual(['waterfall', 0, undefined, 800])
  })
  test('folds are kept as long as a URL holds them', () => {
    const keys = Array.from({ length: 150 }, (_, i) => i.toString(16).padStart(16, '0'))
    expect(String(toggledParam(new Set(keys))['fold']).split('.')).toHaveLength(100)
    expect(toggledParam(new Set())).toEqual({ fold: null })
    expect([...withToggled(new Set(['a', 'b']), 'a')]).toEqual(['b'])
  })
  test('zooms stay within the trace; all of it is no zoom', () => {
    expect([zoomText(-5, 20, 100), zoomText(0, 100, 100), zoomText(-5, 500, 100)]).toEqual(['0-20', null, null])
    const all = { fromMs: 0, toMs: 100 }
    expect([zoomed(all, 50, 0.5, 100), zoomed(all, 0, 0.5, 100), zoomed(all, 99, 0.5, 100)]).toEqual([
      '25-75',
      '0-50',
      '50-100',
    ])
    expect(zoomed({ fromMs: 25, toMs: 75 }, 50, 2, 100)).toBeNull()
  })
})

describe('TraceQL of names and values', () => {
  test('hostile ones stay names and values', () => {
    expect(fieldText('span', 'http.route')).toBe('span.http.route')
    expect(fieldText('resource', 'a " } b')).toBe('resource."a \\" } b"')
    expect(hasValue('span.a', '"} || {"')).toBe('span.a = "\\"} || {\\""')
  })
  test('a number may be stored as a text', () => {
    expect(hasValue('span.a', '200')).toBe('(span.a = "200" || span.a = 200)')
    expect(hasAnotherValue('span.a', 'true')).toBe('span.a != nil && span.a != "true" && span.a != true')
  })
  test.each([
    ['{}', '{ x }'],
    ['{ a = 1 }', '{ a = 1 && x }'],
    ['{ a = 1 || b = 2 }', '{ (a = 1 || b = 2) && x }'],
    ['{ a = 1 } >> { b = 2 }', '{ x } && ({ a = 1 } >> { b = 2 })'],
  ])('%s with a condition', (query, want) => {
    expect(withCondition(query, 'x')).toBe(want)
  })
})
