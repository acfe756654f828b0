import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { snappyCompress } from '@vantage/bytes'
import { encodeRemoteWrite } from '@vantage/decode/remote-write'
import { labelsFromRecord } from '@vantage/model'
import { expect, test } from 'vitest'
import { packScrapes, recordedRequests } from './recorded-scrapes.ts'

const ADDED = { job: 'node', instance: 'a:9100' }

test('a recording becomes requests with the labels, values and distances in time that were scraped', () => {
  const directory = mkdtempSync(join(tmpdir(), 'vantage-scrapes-'))
  const path = join(directory, 'two.br')
  writeFileSync(
    path,
    packScrapes([
      { timeMs: 1_000, text: '# TYPE up gauge\nup 1\ndisk{mount="/a \\"b\\",c",fs="x"} 1.5e+06\n' },
      { timeMs: 16_003, text: 'up +Inf\ndisk{mount="/a \\"b\\",c",fs="x"} NaN\n' },
    ]),
  )
  const sent = [...recordedRequests(path, ADDED, 100_003)].flat()
  rmSync(directory, { recursive: true })
  const wanted = ([time, up, disk]: readonly [number, number, number]) => {
    const series = [
      { labels: labelsFromRecord({ __name__: 'up', ...ADDED }), times: [time], values: Float64Array.of(up) },
      {
        labels: labelsFromRecord({ __name__: 'disk', mount: '/a "b",c', fs: 'x', ...ADDED }),
        times: [time],
        values: Float64Array.of(disk),
      },
    ]
    return { connection: 0, samples: 2, body: Buffer.from(snappyCompress(encodeRemoteWrite(series))) }
  }
  expect(sent).toEqual([wanted([85_000, 1, 1.5e6]), wanted([100_003, Number.POSITIVE_INFINITY, Number.NaN])])
})

test('the recording is an hour of one node exporter', () => {
  const path = new URL('../recordings/node-exporter-hour.br', import.meta.url).pathname
  const sent = [...recordedRequests(path, ADDED, Date.now())].flat()
  expect(sent).toHaveLength(240)
  expect(new Set(sent.map(({ samples }) => samples))).toEqual(new Set([507]))
  const bodies = new Set(sent.map(({ body }) => body.toString('base64')))
  expect(bodies.size).toBe(240)
})
