import { isZone, type Zone } from '@vantage/charts'
import type { TimeRange } from '@vantage/model'
import { create } from 'zustand'
import { navigateSearch, readSearch } from '../app/router.ts'
import { pageNowMs, usePageClock } from './page-clock.ts'
import { DEFAULT_CHOICE, isRelative, resolveChoice, type TimeChoice } from './time-expression.ts'

/** Zooms that `z` can step back through. */
const ZOOM_STACK_MAX = 50

interface TimeMemory {
  /** When the page last asked for data; relative ranges end here, so that all charts agree. */
  readonly nowMs: number
  /** How often a person asked for everything anew: times move by steps, and a question of the same step would not be asked. */
  readonly round: number
  readonly zoomStack: readonly TimeChoice[]
}

/** What the URL does not hold: the moment of the last refresh and the way back out of zooms. */
export const useTimeMemory = create<TimeMemory>(() => ({ nowMs: pageNowMs(), round: 0, zoomStack: [] }))
// Once the server's clock is known to be another one, what was asked by this machine's is asked again.
usePageClock.subscribe(refresh)

export interface TimeState {
  readonly choice: TimeChoice
  readonly zone: Zone
  readonly isLive: boolean
}

/** The clock that the URL names; the browser's where it names none that is known. */
export function zoneOf(tz: string | null): Zone {
  return tz !== null && isZone(tz) ? tz : 'browser'
}

/** The time part of the URL; unreadable ends fall back to the last hour. */
export function timeStateOf(params: URLSearchParams): TimeState {
  const zone = zoneOf(params.get('tz'))
  const asked = { from: params.get('from') ?? DEFAULT_CHOICE.from, to: params.get('to') ?? DEFAULT_CHOICE.to }
  const choice = resolveChoice(asked, pageNowMs(), zone) === undefined ? DEFAULT_CHOICE : asked
  return { choice, zone, isLive: isRelative(choice) && params.get('live') !== '0' }
}

/** @param shiftMs how much earlier than the state says */
export function rangeOf(state: TimeState, nowMs: number, shiftMs = 0): TimeRange {
  const { startMs, endMs } = resolveChoice(state.choice, nowMs, state.zone) ?? {
    startMs: nowMs - 3_600_000,
    endMs: nowMs,
  }
  return { startMs: startMs - shiftMs, endMs: endMs - shiftMs }
}

/** Asks all panels for data up to now. */
export function refresh(): void {
  useTimeMemory.setState({ nowMs: pageNowMs() })
}

/** A person wants all answers anew, those that failed and those that are there. */
export function askAgain(): void {
  useTimeMemory.setState(({ round }) => ({ nowMs: pageNowMs(), round: round + 1 }))
}

/** A new range from the time control: it starts a new history of zooms. */
export function chooseTime(choice: TimeChoice): void {
  useTimeMemory.setState({ nowMs: pageNowMs(), zoomStack: [] })
  navigateSearch({ from: choice.from, to: choice.to, live: null })
}

/** A range dragged on a chart: live pauses (it is not switched off) and `z` leads back. */
export function zoomTo(startMs: number, endMs: number): void {
  const { choice } = timeStateOf(readSearch())
  const { zoomStack } = useTimeMemory.getState()
  useTimeMemory.setState({ zoomStack: [...zoomStack.slice(1 - ZOOM_STACK_MAX), choice] })
  navigateSearch({ from: String(Math.round(startMs)), to: String(Math.round(endMs)), live: '0' })
}

export function zoomBack(): void {
  const { zoomStack } = useTimeMemory.getState()
  const former = zoomStack.at(-1)
  if (former === undefined) return
  useTimeMemory.setState({ zoomStack: zoomStack.slice(0, -1) })
  navigateSearch({ from: former.from, to: former.to, live: isRelative(former) ? null : '0' })
}

/** Twice the range around the same middle, never past now. */
export function zoomOut(): void {
  const state = timeStateOf(readSearch())
  const nowMs = pageNowMs()
  const { startMs, endMs } = rangeOf(state, nowMs)
  const span = endMs - startMs
  const newEndMs = Math.min(nowMs, endMs + span / 2)
  zoomTo(newEndMs - span * 2, newEndMs)
}

/** Moves the window by half of itself; -1 is back. */
export function shiftWindow(direction: -1 | 1): void {
  const { startMs, endMs } = rangeOf(timeStateOf(readSearch()), pageNowMs())
  const shiftMs = ((endMs - startMs) / 2) * direction
  zoomTo(startMs + shiftMs, endMs + shiftMs)
}

/** Pauses, or resumes with the relative range that the zooms started from. */
export function toggleLive(): void {
  const state = timeStateOf(readSearch())
  if (state.isLive) {
    navigateSearch({ live: '0' })
    return
  }
  const { zoomStack } = useTimeMemory.getState()
  const choice = isRelative(state.choice) ? state.choice : (zoomStack.findLast(isRelative) ?? DEFAULT_CHOICE)
  chooseTime(choice)
}

export function chooseZone(zone: Zone): void {
  navigateSearch({ tz: zone === 'browser' ? null : zone })
}
