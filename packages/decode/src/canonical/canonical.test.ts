import { type LogBatch, NO_ORIGIN, type Origin, type SpanBatch, systemClock } from '@vantage/model'
import { describe, expect, test } from 'vitest'
import { RECORD_FORMS, rowsOfForm, runForm } from '../testing/record-forms.ts'
import { CanonicalDecoder } from './decode.ts'
import { encodeCanonical } from './encode.ts'
import { decodeOrigin, encodeOrigin } from './origin.ts'

function run(body: Uint8Array, batch: LogBatch | SpanBatch) {
  const decoder = new CanonicalDecoder<LogBatch | SpanBatch>()
  batch.reset()
  decoder.start(body, body.length, batch)
  return decoder.step(0, systemClock)
}

describe.each(RECORD_FORMS.map((form): [string, typeof form] => [form.name, form]))('%s', (_, form) => {
  const batch = runForm(form, form.newDecoder(), form.seed) as LogBatch | SpanBatch
  const rows = rowsOfForm(batch)
  const bytes = encodeCanonical(batch)

  test('rows come back as they were', () => {
    const again = form.newBatch()
    expect(run(bytes, again)).toBe('done')
    expect(rowsOfForm(again)).toEqual(rows)
    expect(again.originCount).toBe(batch.originCount)
  })

  test('cut anywhere, it is refused', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(run(bytes.subarray(0, length), form.newBatch())).toMatchObject({ code: 'bad_request' })
    }
  })

  test('what is not its own is refused or read, never more', () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 1, 0x80, 0xff]) {
        const wrong = bytes.slice()
        wrong[at] = value
        const other = form.newBatch()
        const outcome = run(wrong, other)
        if (outcome === 'done') rowsOfForm(other)
        else expect(outcome.code).toBe('bad_request')
      }
    }
  })
})

test('every member of an origin', () => {
  const value = { kind: 'string', value: 'v' } as const
  const whole: Origin = {
    resource: [{ key: 'r', value }],
    resourceDroppedCount: 1,
    resourceSchemaUrl: 'http://r',
    scopeName: 'n',
    scopeVersion: '1',
    scope: [{ key: 's', value }],
    scopeDroppedCount: 300,
    scopeSchemaUrl: 'http://s',
    kind: 'labels',
  }
  for (const origin of [whole, NO_ORIGIN]) {
    const bytes = encodeOrigin(origin)
    expect(decodeOrigin(bytes, 0, bytes.length)).toEqual(origin)
  }
})
