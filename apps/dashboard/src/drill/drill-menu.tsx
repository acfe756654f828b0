import type { ChartPlace } from '@vantage/charts/time-series'
import { type KeyboardEvent, useId, useLayoutEffect, useRef, useState } from 'react'
import { Link } from '../app/link.tsx'
import { moveInMenu, useCloseOutside } from '../parts/popover.tsx'
import { type DrillAction, type DrillEntry, type DrillSpot, drillEntries } from './drill-model.ts'

/** From the pointer and from the edges of the window, CSS pixels. */
const GAP_PX = 8

interface DrillMenuProps {
  readonly spot: DrillSpot
  /** In the window. */
  readonly place: ChartPlace
  readonly onAct: (action: DrillAction) => void
  /** @param isDone focus goes back to the chart, not to what was clicked elsewhere */
  readonly onClose: (isDone: boolean) => void
}

/** What a point or a region of a chart leads to. It stays as it was opened, whatever data comes meanwhile. */
export function DrillMenu({ spot, place, onAct, onClose }: DrillMenuProps) {
  const panel = useRef<HTMLDivElement>(null)
  const titleId = useId()
  const reasonId = useId()
  const [entries] = useState(() => drillEntries(spot))
  const [pointed, setPointed] = useState<DrillEntry>()
  useLayoutEffect(() => {
    const element = panel.current as HTMLDivElement
    element.showPopover()
    const { width, height } = element.getBoundingClientRect()
    const within = (at: number, size: number, room: number) => {
      const isBeyond = at + GAP_PX + size > room - GAP_PX
      return Math.max(GAP_PX, Math.min(isBeyond ? at - GAP_PX - size : at + GAP_PX, room - GAP_PX - size))
    }
    element.style.left = `${within(place.x, width, innerWidth)}px`
    element.style.top = `${within(place.y, height, innerHeight)}px`
    element.querySelector<HTMLElement>('[role="menuitem"]:not([aria-disabled="true"])')?.focus()
  }, [place])
  useCloseOutside(panel, true, () => onClose(false))
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' || event.key === 'Tab') {
      event.stopPropagation()
      event.preventDefault()
      onClose(true)
    } else moveInMenu(event)
  }
  const act = (action: DrillAction) => {
    onClose(true)
    onAct(action)
  }
  return (
    <div ref={panel} popover="manual" className="popover drill-menu">
      <p id={titleId} className="drill-title" dir="auto">
        {spot.title}
      </p>
      <div role="menu" aria-labelledby={titleId} onKeyDown={onKeyDown}>
        {entries.map((entry) => (
          <div key={entry.id} role="none" onPointerEnter={() => setPointed(entry)} onFocus={() => setPointed(entry)}>
            <Entry entry={entry} reasonId={`${reasonId}-${entry.id}`} act={act} close={() => onClose(false)} />
          </div>
        ))}
      </div>
      <p className="drill-hint" aria-hidden="true" dir="auto">
        {pointed === undefined ? '' : 'reason' in pointed ? pointed.reason : pointed.hint}
      </p>
    </div>
  )
}

interface EntryProps {
  readonly entry: DrillEntry
  readonly reasonId: string
  readonly act: (action: DrillAction) => void
  readonly close: () => void
}

function Entry({ entry, reasonId, act, close }: EntryProps) {
  if ('jump' in entry) {
    const { path, params } = entry.jump
    return (
      <Link role="menuitem" className="menu-item" to={path} params={params} keepsWay={true} onClick={close}>
        {entry.label}
      </Link>
    )
  }
  if ('act' in entry) {
    return (
      <button type="button" role="menuitem" className="menu-item" onClick={() => act(entry.act)}>
        {entry.label}
      </button>
    )
  }
  return (
    <>
      <button
        type="button"
        role="menuitem"
        className="menu-item"
        aria-disabled="true"
        aria-describedby={reasonId}
        title={entry.reason}
      >
        {entry.label}
      </button>
      <span id={reasonId} hidden={true}>
        {entry.reason}
      </span>
    </>
  )
}
