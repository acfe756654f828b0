import { type PointerEvent, useState } from 'react'

export type Point = readonly [xPx: number, yPx: number]

/** A box as a style takes it, CSS pixels. */
export interface BoxFrame {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** A shorter drag is a click, which selects nothing. */
const DRAG_MIN_PX = 5

export function frameOf(a: Point, b: Point): BoxFrame {
  const [left, top] = [Math.min(a[0], b[0]), Math.min(a[1], b[1])]
  return { left, top, width: Math.abs(a[0] - b[0]), height: Math.abs(a[1] - b[1]) }
}

/** Dragging a box over an element. @param onBox gets two corners once it has been dragged, and whether Alt was held; undefined = nothing is dragged */
export function useBoxDrag(onBox: ((from: Point, to: Point, isAlt: boolean) => void) | undefined) {
  const [drag, setDrag] = useState<{ readonly from: Point; readonly to: Point; readonly isAlt: boolean }>()
  const placeOf = (event: PointerEvent<HTMLElement>): Point => {
    const { left, top } = event.currentTarget.getBoundingClientRect()
    return [event.clientX - left, event.clientY - top]
  }
  const handlers = {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (onBox === undefined) return
      event.currentTarget.setPointerCapture(event.pointerId)
      setDrag({ from: placeOf(event), to: placeOf(event), isAlt: event.altKey })
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      if (drag !== undefined) setDrag({ ...drag, to: placeOf(event) })
    },
    // Where the pointer is now: the last move may not be drawn yet, and `drag` is what was drawn.
    onPointerUp: (event: PointerEvent<HTMLElement>) => {
      setDrag(undefined)
      const to = placeOf(event)
      if (drag === undefined || Math.hypot(to[0] - drag.from[0], to[1] - drag.from[1]) < DRAG_MIN_PX) return
      onBox?.(drag.from, to, drag.isAlt)
    },
    onPointerCancel: () => setDrag(undefined),
  }
  return { frame: drag === undefined ? undefined : frameOf(drag.from, drag.to), handlers }
}
