import type { KeyboardEvent, PointerEvent } from 'react'
import { navigateSearch } from '../app/router.ts'
import { NAMES_MAX_PX, NAMES_MIN_PX } from './trace-url.ts'

const STEP_PX = 16

/** The line between names and bars: dragged, or moved by ← and →. */
export function NamesResizer({ namesPx, widthPx }: { readonly namesPx: number; readonly widthPx: number }) {
  const setWidth = (px: number) => {
    const clamped = Math.round(Math.min(NAMES_MAX_PX, Math.max(NAMES_MIN_PX, px)))
    navigateSearch({ names: String(clamped) }, { replace: true })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -STEP_PX, ArrowRight: STEP_PX }[event.key]
    if (by === undefined) return
    event.preventDefault()
    setWidth(namesPx + by)
  }
  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    const handle = event.currentTarget
    const originPx = event.clientX - namesPx
    handle.setPointerCapture(event.pointerId)
    const move = (one: globalThis.PointerEvent) => setWidth(one.clientX - originPx)
    handle.addEventListener('pointermove', move)
    handle.addEventListener('lostpointercapture', () => handle.removeEventListener('pointermove', move), { once: true })
  }
  if (widthPx === 0) return null
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that moves has a value and takes focus.
    <div
      className="names-resizer"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the names"
      aria-valuenow={namesPx}
      aria-valuemin={NAMES_MIN_PX}
      aria-valuemax={NAMES_MAX_PX}
      tabIndex={0}
      style={{ left: `${namesPx - 5}px` }}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
    />
  )
}
