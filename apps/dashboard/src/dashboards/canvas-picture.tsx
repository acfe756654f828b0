import { CHART_THEMES, type ChartTheme } from '@vantage/charts'
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react'
import { useDeviceRatio } from '../app/device-ratio.ts'
import { usePreferences } from '../app/preferences.ts'
import { type BoxFrame, type Point, useBoxDrag } from '../parts/box-drag.ts'
import { type Box, useBox } from './use-box.ts'

/** Places along a picture that can be read: columns, bars, moments. */
export interface Readout {
  readonly count: number
  /** The place under a point, −1 outside. */
  at(xPx: number, widthPx: number): number
  text(place: number): string
}

/** Boxes that are dragged over a picture. */
export interface PictureSelection {
  /** Where what is selected lies; undefined where nothing is. */
  frame(box: Box): BoxFrame | undefined
  onBox(from: Point, to: Point, box: Box): void
}

interface CanvasPictureProps {
  /** One sentence for people who do not see it. */
  readonly label: string
  readonly readout?: Readout
  readonly selection?: PictureSelection | undefined
  readonly paint: (canvas: HTMLCanvasElement, theme: ChartTheme, box: Box & { readonly at: number | undefined }) => void
}

/** A drawing as large as its place; pointer and arrow keys read it, the words stand under it. */
export function CanvasPicture({ label, readout, selection, paint }: CanvasPictureProps) {
  const host = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const theme = usePreferences((one) => one.drawnTheme)
  const ratio = useDeviceRatio()
  const box = useBox(host)
  const [chosen, setChosen] = useState(-1)
  const at = readout !== undefined && chosen >= 0 && chosen < readout.count ? chosen : undefined
  const hasFonts = useFonts()
  // biome-ignore lint/correctness/useExhaustiveDependencies: text is measured again once the bundled fonts are there, the canvas asks the screen how sharp it is.
  useEffect(() => {
    if (canvas.current === null || box.widthPx === 0 || box.heightPx === 0) return
    paint(canvas.current, CHART_THEMES[theme], { ...box, at })
  }, [paint, theme, box, at, hasFonts, ratio])
  const { frame, handlers } = useBoxDrag(selection && ((from, to) => selection.onBox(from, to, box)))
  const selected = frame ?? selection?.frame(box)
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    handlers.onPointerMove(event)
    const { left } = event.currentTarget.getBoundingClientRect()
    setChosen(readout?.at(event.clientX - left, box.widthPx) ?? -1)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const to = readout === undefined ? undefined : placeAfter(event, at, readout.count)
    if (to === undefined) return
    event.preventDefault()
    setChosen(to)
  }
  return (
    <div className="picture">
      <div
        className="picture-canvas"
        ref={host}
        role="img"
        aria-label={label}
        data-selects={selection !== undefined}
        tabIndex={readout === undefined ? undefined : 0}
        {...handlers}
        onPointerMove={onPointerMove}
        onPointerLeave={() => setChosen(-1)}
        onKeyDown={onKeyDown}
      >
        <canvas ref={canvas} />
        {selected !== undefined && box.widthPx > 0 && <span className="picture-region" style={selected} />}
      </div>
      {readout !== undefined && (
        <p className="picture-readout" aria-live="polite">
          {at === undefined ? '' : readout.text(at)}
        </p>
      )}
    </div>
  )
}

function placeAfter({ key, shiftKey }: KeyboardEvent, at: number | undefined, count: number): number | undefined {
  const jump = shiftKey ? 10 : 1
  const to = {
    ArrowLeft: (at ?? count) - jump,
    ArrowRight: (at ?? -1) + jump,
    Home: 0,
    End: count - 1,
  }[key]
  if (key === 'Escape' && at !== undefined) return -1
  return to === undefined ? undefined : Math.max(0, Math.min(count - 1, to))
}

function useFonts(): boolean {
  const [hasFonts, setHasFonts] = useState(false)
  useEffect(() => {
    let isMounted = true
    void document.fonts.ready.then(() => isMounted && setHasFonts(true))
    return () => {
      isMounted = false
    }
  }, [])
  return hasFonts
}
