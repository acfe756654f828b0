import type { NamedState, Tone } from '@vantage/model/dashboards'
import { paintTimeAxis } from '../canvas-axis.ts'
import { SMALL_FONT, sizedContext, TextFitter } from '../canvas-text.ts'
import type { ChartTheme } from '../palette.ts'
import { formatInstant } from '../ticks.ts'
import { toneFill } from '../tone.ts'
import type { Zone } from '../zone.ts'

/** One state of a series for as long as it held. */
export interface StateRun {
  readonly fromMs: number
  readonly toMs: number
  readonly name: string
  readonly tone: Tone
}

export interface StateRow {
  readonly key: string
  readonly label: string
  readonly runs: readonly StateRun[]
}

export interface StateTimeline {
  readonly rows: readonly StateRow[]
  readonly startMs: number
  readonly endMs: number
  readonly zone: Zone
}

export interface StateSeries {
  readonly key: string
  readonly label: string
  /** One for each time; null where nothing is known. */
  readonly values: readonly (number | null)[]
}

export interface StateFrame {
  readonly timesSeconds: readonly number[]
  readonly stepMs: number
  readonly startMs: number
  readonly endMs: number
  readonly zone: Zone
}

const LABEL_MAX_PX = 160
const LABEL_SHARE_MAX = 0.3
const RIGHT_PX = 8
const BOTTOM_PX = 22
const ROW_MAX_PX = 36
const GAP_PX = 6

/** Neighbouring steps of one state are one run; where nothing is known there is none. */
export function stateTimeline(
  series: readonly StateSeries[],
  states: readonly NamedState[],
  { timesSeconds, stepMs, startMs, endMs, zone }: StateFrame,
): StateTimeline {
  const rows = series.map(({ key, label, values }) => {
    const runs: StateRun[] = []
    values.forEach((value, i) => {
      const state = value === null ? undefined : states.findLast(({ from }) => value >= from)
      if (state === undefined) return
      const fromMs = (timesSeconds[i] as number) * 1000
      const toMs = Math.min(endMs, fromMs + stepMs)
      const last = runs.at(-1)
      if (last !== undefined && last.name === state.name && last.toMs === fromMs)
        runs[runs.length - 1] = { ...last, toMs }
      else runs.push({ fromMs, toMs, name: state.name, tone: state.tone })
    })
    return { key, label, runs }
  })
  return { rows, startMs, endMs, zone }
}

/** One sentence for people who do not see the canvas. */
export function stateSummary({ rows }: StateTimeline): string {
  const now = rows.map(({ label, runs }) => `${label} ${runs.at(-1)?.name ?? 'unknown'}`)
  return `States over time of ${rows.length}, at the end: ${now.slice(0, 10).join(', ')}.`
}

/** What all rows were at a moment. */
export function statesAt({ rows, zone }: StateTimeline, atMs: number): string {
  const states = rows.map(({ label, runs }) => {
    const run = runs.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs)
    return `${label}: ${run?.name ?? 'unknown'}`
  })
  return `${formatInstant(atMs, zone).slice(5, 19)} · ${states.slice(0, 6).join(' · ')}`
}

/** The moment under a point of the canvas; undefined outside. */
export function stateTimeAt(timeline: StateTimeline, xPx: number, widthPx: number): number | undefined {
  const left = labelWidth(widthPx)
  const share = (xPx - left) / (widthPx - left - RIGHT_PX)
  if (share < 0 || share > 1) return undefined
  return timeline.startMs + share * (timeline.endMs - timeline.startMs)
}

function labelWidth(widthPx: number): number {
  return Math.min(LABEL_MAX_PX, widthPx * LABEL_SHARE_MAX)
}

const texts = new TextFitter()

/** A row for each series; a state is named in its run where there is room. */
export function paintStateTimeline(
  canvas: HTMLCanvasElement,
  timeline: StateTimeline,
  theme: ChartTheme,
  box: { readonly widthPx: number; readonly heightPx: number; readonly atMs: number | undefined },
): void {
  const { widthPx, heightPx, atMs } = box
  const { rows, startMs, endMs, zone } = timeline
  const context = sizedContext(canvas, widthPx, heightPx)
  context.clearRect(0, 0, widthPx, heightPx)
  const [leftPx, rightPx] = [labelWidth(widthPx), widthPx - RIGHT_PX]
  const rowPx = Math.min(ROW_MAX_PX, (heightPx - BOTTOM_PX) / Math.max(1, rows.length))
  const xOf = (ms: number) => leftPx + ((ms - startMs) / Math.max(1, endMs - startMs)) * (rightPx - leftPx)
  context.font = SMALL_FONT
  context.textBaseline = 'middle'
  rows.forEach(({ label, runs }, i) => {
    const middle = i * rowPx + rowPx / 2
    context.fillStyle = theme.mutedText
    context.fillText(texts.fit(context, label, leftPx - 12), 0, middle)
    for (const { fromMs, toMs, name, tone } of runs) {
      const [from, to] = [Math.max(leftPx, xOf(fromMs)), Math.min(rightPx, xOf(toMs))]
      const height = Math.max(4, rowPx - GAP_PX)
      context.fillStyle = toneFill(theme, tone)
      // Quiet where all is well; the word stands beside the colour.
      context.globalAlpha = tone === 'ok' || tone === 'neutral' ? 0.28 : 0.55
      context.fillRect(from, middle - height / 2, Math.max(1, to - from), height)
      context.globalAlpha = 1
      context.fillRect(from, middle - height / 2, 2, height)
      context.fillStyle = theme.text
      const text = texts.fit(context, name, to - from - 12)
      if (text === name) context.fillText(text, from + 8, middle)
    }
  })
  if (atMs !== undefined) {
    context.fillStyle = theme.text
    context.fillRect(xOf(atMs), 0, 1, heightPx - BOTTOM_PX)
  }
  paintTimeAxis(context, { startMs, endMs, leftPx, rightPx, heightPx, zone, theme })
}
