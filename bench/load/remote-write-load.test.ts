import { ReusableBuffer, snappyDecompress } from '@vantage/bytes'
import { encodeRemoteWrite } from '@vantage/decode/remote-write'
import { labelsFromRecord } from '@vantage/model'
import { expect, test } from 'vitest'
import { buildBody, RequestTemplate, SeriesTemplate } from './remote-write-load.ts'

test('a patched template is the bytes that the encoder writes', () => {
  const labels = [labelsFromRecord({ __name__: 'up', job: 'a' }), labelsFromRecord({ __name__: 'up', job: 'b' })]
  const templates = labels.map((one) => new SeriesTemplate(one, 2))
  const startMs = 1_763_692_800_123
  const body = buildBody(templates, [1, 0], (series, patch) => {
    patch(0, startMs, series + 0.1)
    patch(1, startMs + 1000, -series)
  })
  const out = new ReusableBuffer()
  const length = snappyDecompress(body, 0, body.length, out, 1 << 20)
  const series = [1, 0].map((one) => ({
    labels: labels[one] as (typeof labels)[number],
    times: [startMs, startMs + 1000],
    values: Float64Array.of(one + 0.1, -one),
  }))
  const wanted = encodeRemoteWrite(series)
  expect(length).toEqual({ ok: true, value: wanted.length })
  expect(Buffer.from(out.bytes.subarray(0, wanted.length)).equals(wanted)).toBe(true)
})

test('a kept request is patched for each time', () => {
  const labels = [labelsFromRecord({ __name__: 'up', job: 'a' }), labelsFromRecord({ __name__: 'up', job: 'bb' })]
  const request = new RequestTemplate(labels)
  const templates = labels.map((one) => new SeriesTemplate(one, 1))
  for (const timeMs of [1_763_692_800_123, 1_763_692_815_123]) {
    const wanted = buildBody(templates, [0, 1], (series, patch) => patch(0, timeMs, series * 0.5))
    expect(request.body(timeMs, (series) => series * 0.5).equals(wanted)).toBe(true)
  }
})
