import { formatLabels, systemClock } from '@vantage/model'
import type { ReadTextOptions } from '@vantage/receive'
import { expect, test } from 'vitest'
import { textCodec } from './text-codec.ts'

const LIMITS = { maxDecompressedBytes: 1_024, maxLabels: 3, maxLabelNameBytes: 10, maxLabelValueBytes: 10 }
const OPTIONS: ReadTextOptions = {
  grammar: 'prometheus',
  mode: 'import',
  timeMs: 7,
  labels: [],
  samplesMax: 10,
  takesTimes: true,
}

async function read(text: string, options: Partial<ReadTextOptions> = {}) {
  const bytes = Buffer.from(text)
  const outcome = await textCodec(LIMITS, systemClock).read(bytes, bytes.length, { ...OPTIONS, ...options })
  if (!outcome.ok) return `${outcome.error.code} ${outcome.error.message}`
  const { series, refused } = outcome.value
  return [
    ...series.map((one) => `${formatLabels(one.labels)} ${one.values[0]} @${one.times[0]}`),
    ...refused.map(({ reason, count }) => `${reason} x${count}`),
  ]
}

test('labels are set over those of the text, times where there is none', async () => {
  expect(
    await read('a{b="c"} 1\na{b="d"} 2 3\n', {
      labels: [
        ['b', 'x'],
        ['y', 'z'],
      ],
    }),
  ).toEqual(['a{b="x", y="z"} 1 @7', 'a{b="x", y="z"} 2 @3'])
})

test('an import refuses series one by one, a push as a whole', async () => {
  const text = `a{b="${'x'.repeat(11)}"} 1\nb 2\nc{b="${'y'.repeat(11)}"} 3\n`
  expect(await read(text)).toEqual(['b 2 @7', 'label_value_too_long x2'])
  expect(await read(text, { mode: 'scrape' })).toMatch(/^bad_request label "b"/)
  expect(await read('a 1 2\n', { takesTimes: false })).toMatch(/^bad_request want samples without a timestamp/)
})

test('the number of samples is bounded', async () => {
  expect(await read('a 1\n'.repeat(10))).toHaveLength(10)
  expect(await read('a 1\n'.repeat(11))).toMatch(/^too_large want at most 10 samples/)
})

test('exemplars come along', async () => {
  const bytes = Buffer.from('a_total 1 # {t="1"} 2\n# EOF\n')
  const outcome = await textCodec(LIMITS, systemClock).read(bytes, bytes.length, { ...OPTIONS, grammar: 'openmetrics' })
  expect(outcome).toMatchObject({
    ok: true,
    value: { series: [{ exemplars: [{ labels: ['t', '1'], value: 2, timeMs: 7 }] }] },
  })
})
