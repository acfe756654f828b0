import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '@vantage/bytes'
import { NO_ORIGIN, ok, SpanBatch } from '@vantage/model'
import { Logger } from '@vantage/observe'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { VersionWatch } from './version-watch.ts'

const MINUTE_NS = 60_000_000_000n
const START_NS = 1_767_323_045_000_000_000n

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vantage-versions-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function open() {
  const told: { tenant: string; stream: object; values: [string, string, object][] }[] = []
  let nowMs = 0
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs }
  const lines: string[] = []
  const watch = new VersionWatch({
    submit: async ({ tenant, body, bodyLength }) => {
      const { streams } = JSON.parse(Buffer.from(body.subarray(0, bodyLength)).toString())
      told.push(...streams.map((one: object) => ({ tenant, ...one })))
      return ok({ items: 1, histograms: 0, exemplars: 0, refused: [], warnings: [] })
    },
    clock,
    logger: new Logger((line) => lines.push(line), clock),
    files: new NodeFileSystem(),
    directory,
  })
  /** Spans of one service, each a version at a minute. */
  const see = (spans: [string, number][], service = 'cart', tenant = 'default', environment = '') => {
    const batch = new SpanBatch()
    const bytes: string[] = []
    spans.forEach(([version, minute], i) => {
      const text = `${service} ${version} ${environment}`
      bytes.push(text)
      const row = batch.addRow(i)
      batch.columns.startTimes[row] = START_NS + BigInt(minute) * MINUTE_NS
    })
    const all = bytes.join('')
    let at = 0
    for (const text of bytes) {
      batch.addOrigin(at, at + text.length)
      at += text.length
    }
    batch.originBytes.bytes = Buffer.from(all)
    batch.originOf = (origin) => {
      const named = {
        'service.name': service,
        'service.version': (spans[origin] as [string, number])[0],
        'deployment.environment.name': environment,
      }
      const resource = Object.entries(named).flatMap(([key, value]) =>
        value === '' ? [] : [{ key, value: { kind: 'string' as const, value } }],
      )
      return { ...NO_ORIGIN, resource }
    }
    watch.add(tenant, batch)
  }
  return { watch, told, see, lines, setNow: (ms: number) => (nowMs = ms) }
}

const histories: [string, [string, number][], string[]][] = [
  [
    'the first version is none',
    [
      ['1', 0],
      ['1', 5],
    ],
    [],
  ],
  [
    'a version after another is a deploy',
    [
      ['1', 0],
      ['2', 5],
      ['2', 6],
    ],
    ['cart 1 → 2'],
  ],
  [
    'instances that still have the old one change nothing',
    [
      ['1', 0],
      ['2', 5],
      ['1', 6],
      ['2', 7],
      ['1', 8],
    ],
    ['cart 1 → 2'],
  ],
  [
    'one that was taken back is a deploy',
    [
      ['1', 0],
      ['2', 5],
      ['2', 15],
      ['1', 16],
    ],
    ['cart 1 → 2', 'cart 2 → 1'],
  ],
  [
    'what is late says nothing',
    [
      ['2', 20],
      ['1', 0],
      ['2', 21],
    ],
    [],
  ],
  [
    'no version, no deploy',
    [
      ['1', 0],
      ['', 5],
    ],
    [],
  ],
]
test.each(histories)('%s', (_, history, titles) => {
  const { told, see } = open()
  for (const one of history) see([one])
  expect(told.map(({ values }) => values[0]?.[1])).toEqual(titles)
  const { told: atOnce, see: seeAll } = open()
  seeAll(history)
  expect(atOnce.map(({ values }) => values[0]?.[1])).toEqual(titles)
})

test('the event says what is known of it', () => {
  const { told, see } = open()
  see(
    [
      ['1.1', 0],
      ['1.2', 3],
    ],
    'cart',
    'acme',
    'prod',
  )
  expect(told).toEqual([
    {
      tenant: 'acme',
      stream: { event: 'deploy', service_name: 'cart', deployment_environment_name: 'prod' },
      values: [
        [
          String(START_NS + 3n * MINUTE_NS),
          'cart 1.1 → 1.2',
          { version: '1.2', previous_version: '1.1', source: 'seen' },
        ],
      ],
    },
  ])
})

test('services, environments and tenants are apart', () => {
  const { told, see } = open()
  see([['1', 0]])
  see([['2', 1]], 'web')
  see([['2', 1]], 'cart', 'other')
  see([['2', 1]], 'cart', 'default', 'staging')
  expect(told).toEqual([])
})

test('what was seen survives a restart, a file that cannot be read does not stop one', () => {
  const first = open()
  first.see([['1', 0]])
  first.watch.save(false)
  first.see([['1', 30]])
  first.setNow(59_999)
  first.watch.save(false)
  const second = open()
  second.see([['2', 31]])
  expect(second.told).toHaveLength(1)
  second.watch.save(true)
  writeFileSync(join(directory, 'versions.json'), '{')
  const third = open()
  third.see([['3', 40]])
  expect([third.told, third.lines.join()]).toEqual([
    [],
    expect.stringMatching(/known versions of services cannot be read/),
  ])
})
