import { expect, test } from 'vitest'
import { EVENTS_BODY_BYTES_MAX, EVENTS_MAX, readChangeEvents } from './change-event.ts'

function read(value: unknown) {
  const body = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
  const found = readChangeEvents(body, body.length)
  if (!found.ok) return found.error
  const { push, refused } = found.value
  return { streams: push === undefined ? [] : JSON.parse(push.toString()).streams, refused }
}

const good: [string, unknown, object][] = [
  [
    'a deploy',
    { service: 'cart', version: '1.2', previousVersion: '1.1', environment: 'prod', time: '2026-01-02T03:04:05Z' },
    {
      stream: { event: 'deploy', service_name: 'cart', deployment_environment_name: 'prod' },
      values: [
        ['1767323045000000000', 'deploy cart 1.2', { version: '1.2', previous_version: '1.1', source: 'posted' }],
      ],
    },
  ],
  [
    'a change of nothing in particular',
    { title: 'flag on', attributes: { flag: 'x', share: 0.5, on: true }, url: 'https://e/1', author: 'a' },
    {
      stream: { event: 'change' },
      values: [
        ['0', 'flag on', { flag: 'x', share: '0.5', on: 'true', url: 'https://e/1', author: 'a', source: 'posted' }],
      ],
    },
  ],
  ['a kind of its own', [{ kind: 'scale-up', time: 1767323045 }], { stream: { event: 'scale-up' } }],
]
test.each(good)('%s', (_, value, stream) => {
  expect(read(value)).toMatchObject({ streams: [stream], refused: [] })
})

const bad: [unknown, RegExp][] = [
  [1, /^event 0: want an object/],
  [{ kind: 'A b' }, /^event 0: kind: want a word/],
  [{ time: 'soon' }, /^event 0: time: want unix/],
  [{ time: [] }, /^event 0: time: want unix/],
  [{ service: 1 }, /^event 0: service: want a string/],
  [{ srevice: 'cart' }, /^event 0: unknown member "srevice"/],
  [{ title: 'x'.repeat(4_097) }, /^event 0: title: want at most 4096 bytes/],
  [{ attributes: [] }, /^event 0: attributes: want an object/],
  [{ attributes: { a: {} } }, /^event 0: attributes: .* got another in "a"/],
  [{ attributes: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`a${i}`, 1])) }, /at most 32, got 33/],
]
test.each(bad)('refused: %j', (value, message) => {
  const found = read([value, { title: 'x'.repeat(4_096) }])
  expect(found).toMatchObject({
    streams: [{ stream: { event: 'change' } }],
    refused:
      value === 1
        ? [{ reason: 'invalid_value', count: 1 }]
        : [{ reason: 'invalid_value', count: 1, message: expect.stringMatching(message) }],
  })
})

test('what is no JSON, too many, too long', () => {
  expect(read('{')).toMatchObject({ code: 'bad_request' })
  expect(read(Array.from({ length: EVENTS_MAX }, () => ({})))).toMatchObject({ refused: [] })
  expect(read(Array.from({ length: EVENTS_MAX + 1 }, () => ({})))).toMatchObject({ code: 'too_large' })
  const padded = (bytes: number) => `{}${' '.repeat(bytes - 2)}`
  expect(read(padded(EVENTS_BODY_BYTES_MAX))).toMatchObject({ refused: [] })
  expect(read(padded(EVENTS_BODY_BYTES_MAX + 1))).toMatchObject({ code: 'too_large' })
})
