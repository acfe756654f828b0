import { type MouseEvent, type PointerEvent, useRef, useState } from 'react'

export type Point = readonly [xPx: number, yPx: number]

/** A box as a style takes it, CSS pixels. */
export interface BoxFrame {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** A shorter drag is a click. */
const DRAG_MIN_PX = 5

export function frameOf(a: Point, b: Point): BoxFrame {
  const [left, top] = [Math.min(a[0], b[0]), Math.min(a[1], b[1])]
  return { left, top, width: Math.abs(a[0] - b[0]), height: Math.abs(a[1] - b[1]) }
}

/**
 * Dragging a box over an element.
 * @param onBox gets two corners once it has been dragged, and whether Alt was held; undefined = nothing is dragged
 * @param onPick gets where it was clicked
 */
export function useBoxDrag(
  onBox: ((from: Point, to: Point, isAlt: boolean) => void) | undefined,
  onPick?: (at: Point, host: HTMLElement) => void,
) {
  const [drag, setDrag] = useState<{ readonly from: Point; readonly to: Point; readonly isAlt: boolean }>()
  const pressed = useRef<Point>(undefined)
  const placeOf = (event: MouseEvent<HTMLElement>): Point => {
    const { left, top } = event.currentTarget.getBoundingClientRect()
    return [event.clientX - left, event.clientY - top]
  }
  const handlers = {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (onBox === undefined) return
      pressed.current = placeOf(event)
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
      if (drag === undefined || isClick(drag.from, to)) return
      onBox?.(drag.from, to, drag.isAlt)
    },
    onPointerCancel: () => setDrag(undefined),
    onClick: (event: MouseEvent<HTMLElement>) => {
      const at = placeOf(event)
      if (pressed.current !== undefined && isClick(pressed.current, at)) onPick?.(at, event.currentTarget)
    },
  }
  return { frame: drag === undefined ? undefined : frameOf(drag.from, drag.to), handlers }
}

function isClick(from: Point, to: Point): boolean {
  return Math.hypot(to[0] - from[0], to[1] - from[1]) < DRAG_MIN_PX
}
