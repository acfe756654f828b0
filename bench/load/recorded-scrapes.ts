import { readFileSync } from 'node:fs'
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import { snappyCompress } from '@vantage/bytes'
import { encodeRemoteWrite } from '@vantage/decode/remote-write'
import { type Labels, labelsFromRecord } from '@vantage/model'
import type { LoadRequest } from './scrape-shape.ts'

/** One scrape of a target: what it answered, in the Prometheus text format, and when. */
export interface Scrape {
  readonly timeMs: number
  readonly text: string
}

/** In front of each scrape of a recording; to a reader of the text format it is a comment. */
const HEAD = '# scraped at unix ms '
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)",?/g
type Added = Readonly<Record<string, string>>
const ESCAPED: Readonly<Record<string, string>> = { '\\n': '\n', '\\"': '"', '\\\\': '\\' }

/** @returns the scrapes one behind the other, each with its time in front, compressed with brotli */
export function packScrapes(scrapes: readonly Scrape[]): Buffer {
  const text = scrapes.map((scrape) => `${HEAD}${scrape.timeMs}\n${scrape.text}`).join('')
  const params = { [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS }
  return brotliCompressSync(text, { params })
}

/**
 * The scrapes as remote-write requests, one each.
 *
 * @param added what a scraper adds to every series, such as `job` and `instance`
 * @param endMs unix ms that the last scrape is moved to, all others with it
 */
export function* recordedRequests(path: string, added: Added, endMs: number): Generator<readonly LoadRequest[]> {
  const scrapes = brotliDecompressSync(readFileSync(path)).toString().split(HEAD).slice(1)
  const shiftMs = endMs - Number.parseInt(scrapes.at(-1) ?? '', 10)
  for (const scrape of scrapes) {
    const times = [Number.parseInt(scrape, 10) + shiftMs]
    const lines = scrape.split('\n').slice(1)
    const series = lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => ({ ...sampleOf(line, added), times }))
    const body = Buffer.from(snappyCompress(encodeRemoteWrite(series)))
    yield [{ connection: 0, samples: series.length, body }]
  }
}

function sampleOf(line: string, added: Added): { labels: Labels; values: Float64Array } {
  const [, name, inside = '', value = ''] = SAMPLE.exec(line) ?? []
  if (name === undefined) throw new Error(`want a sample in the text format, got ${JSON.stringify(line)}`)
  const own = [...inside.matchAll(LABEL)].map(([, label = '', text = '']) => {
    return [label, text.replace(/\\./g, (pair) => ESCAPED[pair] ?? pair)]
  })
  const labels = labelsFromRecord({ ...Object.fromEntries(own), ...added, __name__: name })
  return { labels, values: Float64Array.of(Number(value.replace('Inf', 'Infinity'))) }
}
