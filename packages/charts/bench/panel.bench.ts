/** A panel of 100 series × 1,500 steps, for `npm run bench -- ui`, which runs it in a browser as a script of its own. */
import { PLAIN, type TimeSeriesFrame } from '../src/index.ts'
import { TimeSeriesChart } from '../src/time-series/index.ts'

const SERIES = 100
const STEPS = 1_500
const STEP_MS = 10_000
const START_MS = 1_700_000_000_000

function frameAt(round: number): TimeSeriesFrame {
  const startMs = START_MS + round * STEP_MS
  const timesSeconds = Array.from({ length: STEPS }, (_, i) => (startMs + i * STEP_MS) / 1000)
  const series = Array.from({ length: SERIES }, (_, s) => ({
    key: `series ${s}`,
    label: `series ${s}`,
    slot: s % 24,
    values: timesSeconds.map((t) => s + 20 * Math.sin(t / (300 + s)) + ((t * (s + 7)) % 13)),
  }))
  return {
    timesSeconds,
    series,
    startMs,
    endMs: startMs + (STEPS - 1) * STEP_MS,
    stepMs: STEP_MS,
    unit: PLAIN,
    mode: 'line',
    zone: 'utc',
    hidden: new Set(),
    fromZero: false,
    completeUntilMs: Number.POSITIVE_INFINITY,
  }
}

const nextFrame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve))

/** The drawing library works in a microtask. What the main thread gives to it, ms; painting is another thread's. */
async function untilDrawn(work: () => void): Promise<number> {
  await nextFrame()
  const fromMs = performance.now()
  work()
  await new Promise<void>((resolve) => queueMicrotask(resolve))
  return performance.now() - fromMs
}

/** @returns ms of each draw, and of each move of the pointer */
async function measurePanel(
  rounds: number,
  hovers: number,
): Promise<{ readonly drawsMs: number[]; readonly hoversMs: number[] }> {
  const host = document.createElement('div')
  host.style.cssText = 'width: 900px; height: 320px; position: relative'
  document.body.append(host)
  const chart = new TimeSeriesChart(
    host,
    'dark',
    { key: '', isByPlace: false },
    { onCursor() {}, onZoom() {}, onZoomBack() {}, onPick() {}, onRegion() {}, onDrawn() {} },
  )
  const drawsMs: number[] = []
  for (let round = 0; round < rounds; round++) {
    const frame = frameAt(round)
    drawsMs.push(await untilDrawn(() => chart.update(frame)))
  }
  const over = host.querySelector('.u-over') as HTMLElement
  const box = over.getBoundingClientRect()
  const hoversMs: number[] = []
  for (let i = 0; i < hovers; i++) {
    const at = { clientX: box.left + (box.width * i) / hovers, clientY: box.top + 80, bubbles: true }
    hoversMs.push(await untilDrawn(() => over.dispatchEvent(new MouseEvent('mousemove', at))))
  }
  chart.destroy()
  host.remove()
  return { drawsMs, hoversMs }
}

Object.assign(globalThis, { measurePanel })
