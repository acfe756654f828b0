import type { TimeMark, Zone } from '@vantage/charts'
import type { TimeRange } from '@vantage/model'
import type { Panel } from '@vantage/model/dashboards'
import { type RefObject, useEffect, useMemo, useRef, useState } from 'react'
import { useSearch } from '../app/router.ts'
import { type Asked, useAsked } from '../explore/use-asked.ts'
import { useTimeMemory } from '../time/time-store.ts'
import { type Choices, filledPanel } from './fill.ts'
import { askPanel, type PanelAnswer, panelRange } from './panel-answer.ts'
import { hiddenOf, readSort, sortTextOf } from './panel-url.ts'
import { type PanelView, panelView } from './panel-view.ts'
import type { HeatmapExplain } from './picture-panels.tsx'

/** What all panels of a page have in common. */
export interface PanelContext {
  readonly choices: Choices
  readonly range: TimeRange
  readonly zone: Zone
  /** What happened meanwhile: charts over time show it. */
  readonly marks?: readonly TimeMark[]
  /** Parts of heatmaps of durations can be explained. */
  readonly explain?: HeatmapExplain | undefined
}

export interface PanelState {
  /** With its queries filled in. */
  readonly panel: Panel
  readonly asked: Asked<PanelAnswer>
  readonly view: PanelView | undefined
}

/** Asks for a panel while it is on screen; once it has left, what it showed stays. */
export function usePanel(given: Panel, { choices, range, zone }: PanelContext, isVisible: boolean): PanelState {
  const { startMs, endMs } = range
  const { panel, grid } = useMemo(() => {
    const grid = panelRange(given.kind, { startMs, endMs })
    return { panel: filledPanel(given, choices, grid), grid }
  }, [given, choices, startMs, endMs])
  const wanted = JSON.stringify([panel.kind, panel.queries, grid])
  const shown = useRef<string>(undefined)
  if (isVisible) shown.current = wanted
  const asked = useAsked(shown.current, (signal) => askPanel(panel, grid, signal))
  const search = useSearch()
  const hiddenKey = hiddenOf(search, panel.id).join(' ')
  const sortText = sortTextOf(search, panel.id)
  const { nowMs } = useTimeMemory()
  const { answer } = asked
  const view = useMemo(() => {
    const hidden = new Set(hiddenKey === '' ? [] : hiddenKey.split(' '))
    return answer === undefined
      ? undefined
      : panelView(panel, answer, { zone, hidden, nowMs, sort: readSort(sortText) })
  }, [panel, answer, zone, hiddenKey, nowMs, sortText])
  return { panel, asked, view }
}

/** Whether an element is on screen, or nearly. */
export function useOnScreen(host: RefObject<HTMLElement | null>): boolean {
  const [isOnScreen, setOnScreen] = useState(false)
  useEffect(() => {
    const watcher = new IntersectionObserver((entries) => setOnScreen(entries.at(-1)?.isIntersecting === true), {
      rootMargin: '100px',
    })
    watcher.observe(host.current as HTMLElement)
    return () => watcher.disconnect()
  }, [host])
  return isOnScreen
}
