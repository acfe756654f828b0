import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Stand, sendShop, sendTrace, startStand } from '../../test/browser/support/dashboard.ts'
import { sendHistory, sendManyServices } from '../../test/browser/support/history.ts'
import { sendManyLines, sendShopLines } from '../../test/browser/support/logs.ts'
import { sendLargeTrace, sendTraces } from '../../test/browser/support/traces.ts'
import type { BenchCase, BenchOptions, BenchReport, Json } from '../bench-case.ts'
import { boardSeries, sendFrames } from '../load/frame-sender.ts'
import { Sender } from '../load/sender.ts'
import { figure, MIB, median, percentile } from '../statistics.ts'
import { interact, type NamedInteraction } from '../ui/interactions.ts'
import { slowDown } from '../ui/page-figures.ts'
import { largeTrace, liveWall, logList, paints, serviceMap } from '../ui/screens.ts'

const CHECKOUT = resolve(import.meta.dirname, '../..')
const WALL_METRICS = 20
const WALL_LINES = 10
const MANY_SERVICES = 300
/** Long before everything else, so that the map of many stands in a window of its own. */
const MANY_AGO_MS = 30 * 3_600_000

interface Sizes {
  /** Of these the trace, the list of lines. */
  readonly spans: number
  readonly lines: number
  readonly slowdowns: readonly number[]
  readonly scrollSeconds: number
  /** How long the wall is watched, by slowdown: the first one is the long one. */
  readonly liveSeconds: readonly number[]
  readonly loadSecondsMax: number
  /** How often the panel is drawn, and the pointer moved over it. */
  readonly panelRounds: number
}

const FULL: Sizes = {
  spans: 100_000,
  lines: 200_500,
  slowdowns: [1, 4],
  scrollSeconds: 5,
  liveSeconds: [600, 20],
  loadSecondsMax: 120,
  panelRounds: 30,
}
const QUICK: Sizes = {
  spans: 100_000,
  lines: 40_000,
  slowdowns: [1],
  scrollSeconds: 2,
  liveSeconds: [8],
  loadSecondsMax: 6,
  panelRounds: 8,
}

/** One figure with the value that it must not pass. */
interface Budget {
  readonly what: string
  readonly unit: string
  readonly max?: number
  readonly min?: number
}

const BUDGETS = {
  shellKb: { what: 'shell, gzip', unit: 'kB', max: 180 },
  routeKb: { what: 'largest screen beyond the shell, gzip', unit: 'kB', max: 80 },
  firstPaintMs: { what: 'Services: largest paint, first visit', unit: 'ms', max: 1_800 },
  againPaintMs: { what: 'Services: largest paint, visited again', unit: 'ms', max: 500 },
  inpP95Ms: { what: 'interaction to next paint, p95', unit: 'ms', max: 100 },
  panelDrawMs: { what: 'panel of 100 series × 1,500, drawn (main thread), median', unit: 'ms', max: 60 },
  panelHoverMs: { what: 'the same, pointer moved, median', unit: 'ms', max: 4 },
  liveFramesPerSecond: { what: 'live 20 × 10 × 600, new data in every frame', unit: 'frames/s', min: 55 },
  liveMainPercent: { what: 'the same, main thread', unit: '%', max: 25 },
  liveLayoutsPerSecond: { what: 'the same, layouts', unit: '/s', max: 1 },
  liveStylesPerSecond: { what: 'the same, style recalculations', unit: '/s', max: 1 },
  liveHeapGrowthMib: { what: 'the same, heap growth', unit: 'MiB', max: 2 },
  traceUsableMs: { what: 'trace of 100,000 spans, drawn after', unit: 'ms', max: 2_000 },
  traceFramesPerSecond: { what: 'the same, scrolled', unit: 'frames/s', min: 58 },
  linesUsableMs: { what: 'list of lines, first page after', unit: 'ms', max: 2_000 },
  linesFramesPerSecond: { what: 'the same, all loaded, scrolled', unit: 'frames/s', min: 58 },
  mapUsableMs: { what: 'map of 300 services, drawn after', unit: 'ms', max: 2_000 },
  mapFramesPerSecond: { what: 'the same, moved about', unit: 'frames/s', min: 58 },
} as const satisfies Readonly<Record<string, Budget>>

type Figures = Partial<Record<keyof typeof BUDGETS, number>>

export const ui: BenchCase = {
  question: 'Does the interface keep its budgets, in a real browser before a real server?',
  run,
}

async function run(options: BenchOptions): Promise<BenchReport> {
  const sizes = options.isQuick ? QUICK : FULL
  const startMs = performance.now()
  const note = (text: string) => options.note(`${figure((performance.now() - startMs) / 1000)} s: ${text}`)
  note('builds and starts')
  const stand = await startStand()
  try {
    note('fills')
    const manyPath = await fill(stand, sizes)
    const columns: Figures[] = []
    const remarks: string[] = []
    const take = (i: number, slowdown: number, { figures, said }: Measured) => {
      columns[i] = { ...columns[i], ...figures }
      remarks.push(...said.map((one) => `CPU ${slowdown} ×: ${one}`))
    }
    for (const [i, slowdown] of sizes.slowdowns.entries()) {
      note(`CPU ${slowdown} ×`)
      take(i, slowdown, await measure(stand, sizes, slowdown, manyPath, note))
    }
    // Behind all that asks about the last minutes: it takes longer than they are.
    for (const [i, slowdown] of sizes.slowdowns.entries()) {
      take(i, slowdown, await measureLive(stand, slowdown, sizes.liveSeconds[i] ?? 0, note))
    }
    columns[0] = { ...(await bundleFigures()), ...columns[0] }
    return report(sizes, columns, remarks)
  } finally {
    await stand.close()
  }
}

/** @returns the address of the map of many services */
async function fill(stand: Stand, sizes: Sizes): Promise<string> {
  const { server } = stand
  const nowMs = Date.now()
  await sendHistory(server, nowMs)
  await sendShop(server)
  await sendShopLines(server)
  await sendTrace(server)
  await sendTraces(server)
  await sendLargeTrace(server, sizes.spans)
  await sendManyLines(server, sizes.lines)
  const endMs = nowMs - MANY_AGO_MS
  await sendManyServices(server, endMs, MANY_SERVICES)
  return `/map?from=${endMs - 900_000}&to=${endMs}`
}

async function bundleFigures(): Promise<Figures> {
  const outDir = await mkdtemp(join(tmpdir(), 'vantage-bench-ui-'))
  try {
    const { buildDashboard } = (await import(join(CHECKOUT, 'apps/dashboard/build.mjs'))) as {
      buildDashboard(outDir: string): Promise<{
        sizes: { readonly shellBytes: number; readonly routes: readonly { readonly bytes: number }[] }
      }>
    }
    const { sizes } = await buildDashboard(outDir)
    return { shellKb: sizes.shellBytes / 1000, routeKb: Math.max(...sizes.routes.map(({ bytes }) => bytes)) / 1000 }
  } finally {
    await rm(outDir, { recursive: true, force: true })
  }
}

interface Measured {
  readonly figures: Figures
  readonly said: readonly string[]
}

async function measure(
  stand: Stand,
  sizes: Sizes,
  slowdown: number,
  manyPath: string,
  note: BenchOptions['note'],
): Promise<Measured> {
  const pace = { slowdown, scrollSeconds: sizes.scrollSeconds }
  note('  first visit')
  const painted = await paints(stand, slowdown, '/services?from=now-1h&to=now&live=0')
  note('  interactions')
  const page = await stand.open('/services?from=now-1h&to=now')
  await slowDown(page, slowdown)
  const acted = await interact(page)
  await page.context().close()
  note('  panel')
  const panel = await panelFigures(stand, slowdown, sizes.panelRounds)
  note('  trace')
  const trace = await largeTrace(stand, pace)
  note('  lines')
  const lines = await logList(stand, pace, sizes.loadSecondsMax)
  note('  map')
  const map = await serviceMap(stand, pace, manyPath)
  return {
    figures: {
      firstPaintMs: painted.firstMs,
      againPaintMs: painted.againMs,
      inpP95Ms: acted.p95Ms,
      ...panel,
      traceUsableMs: trace.usableMs,
      traceFramesPerSecond: trace.frames.perSecond,
      linesUsableMs: lines.usableMs,
      linesFramesPerSecond: lines.frames.perSecond,
      mapUsableMs: map.usableMs,
      mapFramesPerSecond: map.frames.perSecond,
    },
    said: [
      `${acted.count} interactions; the longest, with their handlers’ share: ${acted.slowest.map(interactionText).join(', ')}`,
      `longest time between two frames: trace ${figure(trace.frames.longestMs)} ms, lines ${figure(lines.frames.longestMs)} ms`,
      `${lines.lines.toLocaleString('en')} lines were loaded`,
    ],
  }
}

async function measureLive(
  stand: Stand,
  slowdown: number,
  seconds: number,
  note: BenchOptions['note'],
): Promise<Measured> {
  note(`CPU ${slowdown} ×: live, ${seconds} s`)
  const live = await whileSending(stand, () => liveWall(stand, slowdown, seconds, WALL_METRICS))
  return {
    figures: {
      liveFramesPerSecond: live.framesPerSecond,
      liveMainPercent: live.mainShare * 100,
      liveLayoutsPerSecond: live.layoutsPerSecond,
      liveStylesPerSecond: live.stylesPerSecond,
      liveHeapGrowthMib: live.heapGrowthBytes / MIB,
    },
    said: [
      `live, ${seconds} s: each frame took the main thread ${figure(live.mainMsPerFrame)} ms, ${figure(live.cpuMsPerFrame)} ms of a core; the rest it waited for one`,
      `live: longest time between two frames ${figure(live.longestMs)} ms`,
    ],
  }
}

function interactionText({ name, duration, waited, handled }: NamedInteraction): string {
  const begun = waited >= 8 ? `, begun after ${figure(waited)}` : ''
  return `“${name}” ${figure(duration)} ms (${figure(handled)}${begun})`
}

/** The chart by itself, in a page that has nothing else: no screen asks for so many points of so many series at once. */
async function panelFigures(stand: Stand, slowdown: number, rounds: number): Promise<Figures> {
  const script = await panelScript()
  const page = await stand.browser.newPage({ viewport: { width: 1000, height: 400 } })
  await slowDown(page, slowdown)
  await page.addScriptTag({ content: script })
  const { drawsMs, hoversMs } = await page.evaluate<{ drawsMs: number[]; hoversMs: number[] }>(
    `measurePanel(${rounds}, ${rounds})`,
  )
  await page.close()
  return { panelDrawMs: median(drawsMs), panelHoverMs: percentile(hoversMs, 0.5) }
}

async function panelScript(): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), 'vantage-bench-panel-'))
  try {
    const { build } = (await import(join(CHECKOUT, 'node_modules/esbuild/lib/main.js'))) as {
      build(options: object): Promise<unknown>
    }
    const outfile = join(outDir, 'panel.js')
    const entry = join(CHECKOUT, 'packages/charts/bench/panel.bench.ts')
    await build({ entryPoints: [entry], bundle: true, minify: true, format: 'iife', outfile })
    return await readFile(outfile, 'utf8')
  } finally {
    await rm(outDir, { recursive: true, force: true })
  }
}

async function whileSending<T>(stand: Stand, work: () => Promise<T>): Promise<T> {
  const sender = new Sender(`${stand.server.url}/api/v1/write`, 1)
  const over = new AbortController()
  const series = Array.from({ length: WALL_METRICS }, (_, m) => {
    return boardSeries(`wall_${String(m).padStart(2, '0')}`, 1, WALL_LINES)
  })
  const sending = sendFrames(sender, series.flat(), 1, over.signal)
  try {
    return await work()
  } finally {
    over.abort()
    await sending
    sender.close()
  }
}

function report(sizes: Sizes, columns: readonly Figures[], remarks: readonly string[]): BenchReport {
  const names = Object.keys(BUDGETS) as (keyof typeof BUDGETS)[]
  const rows = names.map((name) => {
    const budget: Budget = BUDGETS[name]
    const first = columns[0]?.[name]
    const limit = budget.max === undefined ? `≥ ${budget.min}` : `≤ ${budget.max}`
    return [
      budget.what,
      `${limit} ${budget.unit}`,
      ...columns.map((figures) => (figures[name] === undefined ? '' : figure(figures[name]))),
      first === undefined ? '' : holds(budget, first) ? 'yes' : 'no',
    ]
  })
  const head = ['what', 'budget', ...sizes.slowdowns.map((one) => `CPU ${one} ×`), 'holds at 1 ×']
  const broken = names.filter((name) => !holds(BUDGETS[name], columns[0]?.[name] ?? Number.NaN))
  return {
    tables: [{ title: 'Headless Chromium, software raster, 1440 × 900 at 1 device pixel', rows: [head, ...rows] }],
    figures: {
      broken: broken as readonly Json[],
      ...Object.fromEntries(columns.map((figures, i) => [`cpu${sizes.slowdowns[i]}x`, figures as Json])),
    },
    remarks: [
      'Server, sender and browser share the cores; CPU n × slows the page’s main thread alone.',
      'The server is the built product. It has answered the list of services once before that is measured; all else is asked for the first time.',
      ...remarks,
    ],
  }
}

function holds({ max = Number.POSITIVE_INFINITY, min = Number.NEGATIVE_INFINITY }: Budget, value: number): boolean {
  return value <= max && value >= min
}
