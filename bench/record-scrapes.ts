/**
 * Records a target as the storage bench reads it: an hour of scrapes every 15 s.
 *
 *   node bench/record-scrapes.ts URL FILE
 */
import { writeFileSync } from 'node:fs'
import { packScrapes, type Scrape } from './load/recorded-scrapes.ts'
import { sleep } from './peers/peer.ts'

const SCRAPES = 240
const STEP_MS = 15_000

const [url, file] = process.argv.slice(2)
if (url === undefined || file === undefined) throw new Error('usage: node bench/record-scrapes.ts URL FILE')
const scrapes: Scrape[] = []
const startMs = Date.now()
while (scrapes.length < SCRAPES) {
  await sleep(startMs + scrapes.length * STEP_MS - Date.now())
  const timeMs = Date.now()
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
  scrapes.push({ timeMs, text: await answer.text() })
}
writeFileSync(file, packScrapes(scrapes))
