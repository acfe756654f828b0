import type { ChartPlace } from '@vantage/charts/time-series'
import { navigateSearch } from '../app/router.ts'
import { copyText } from '../app/toast.tsx'
import { usePaneZoom } from '../time/pane-time.ts'
import { DrillMenu } from './drill-menu.tsx'
import type { DrillAction, DrillSpot } from './drill-model.ts'
import { explainChange } from './explain-url.ts'
import { hideMenu, showMenu } from './menu-layer.ts'

/** The menu of what is chosen on a chart. */
export function useDrillMenu() {
  const zoom = usePaneZoom()
  const act = (action: DrillAction) => {
    if ('zoom' in action) zoom(action.zoom.startMs, action.zoom.endMs)
    else if ('copy' in action) void copyText(action.copy, 'Value')
    else navigateSearch(explainChange(action.explain))
  }
  /** @param opener gets the focus back */
  const open = (spot: DrillSpot, place: ChartPlace, opener: HTMLElement) => {
    const backTo = focusBack(opener)
    const close = (isDone: boolean) => {
      hideMenu()
      if (isDone) backTo()
    }
    showMenu(
      <DrillMenu key={`${place.x} ${place.y} ${spot.title}`} spot={spot} place={place} onAct={act} onClose={close} />,
    )
  }
  return { act, open }
}

/** To the chart, or to the one that answers have put in its place, else to the page. */
function focusBack(opener: HTMLElement): () => void {
  const card = opener.closest('.card')
  return () => {
    const chart = opener.isConnected ? opener : card?.querySelector<HTMLElement>('.chart-host, .picture-canvas')
    const target = chart ?? document.querySelector<HTMLElement>('main')
    target?.focus()
  }
}
