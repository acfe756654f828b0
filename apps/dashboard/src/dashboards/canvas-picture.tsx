import { CHART_THEMES, type ChartTheme } from '@vantage/charts'
import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { useDeviceRatio } from '../app/device-ratio.ts'
import { usePreferences } from '../app/preferences.ts'
import { type BoxFrame, frameOf, type Point, useBoxDrag } from '../parts/box-drag.ts'
import { afterPictureKey, NO_CHOICE, type PictureCell, type PictureChoice } from './picture-keys.ts'
import { type Box, useBox } from './use-box.ts'

/** Places along a picture that can be read: columns, bars, moments. */
export interface Readout {
  readonly count: number
  /** The place under a point, −1 outside. */
  at(xPx: number, widthPx: number): number
  text(place: number): string
}

/** Boxes that are dragged over a picture, and cells that are clicked. */
export interface PictureSelection {
  /** Where what is selected lies; undefined where nothing is. */
  frame(box: Box): BoxFrame | undefined
  /** @param isAlt it was dragged with Alt held, or chosen by keys */
  onBox(from: Point, to: Point, box: Box, isAlt: boolean): void
  /** @param host gets the focus back */
  onPick(at: Point, box: Box, host: HTMLElement): void
  /** Rows that arrow keys go through. */
  readonly rows: number
  /** The middle of a cell. */
  cell(cell: PictureCell, box: Box): Point
}

interface CanvasPictureProps {
  /** One sentence for people who do not see it. */
  readonly label: string
  readonly readout?: Readout
  /** In the place of the words while nothing is read. */
  readonly legend?: ReactNode
  readonly selection?: PictureSelection | undefined
  readonly paint: (canvas: HTMLCanvasElement, theme: ChartTheme, box: Box & { readonly at: number | undefined }) => void
}

/** A drawing as large as its place; pointer and arrow keys read it, the words stand under it. */
export function CanvasPicture({ label, readout, legend = '', selection, paint }: CanvasPictureProps) {
  const host = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const theme = usePreferences((one) => one.drawnTheme)
  const ratio = useDeviceRatio()
  const box = useBox(host)
  const [choice, setChoice] = useState<PictureChoice>(NO_CHOICE)
  const chosen = choice.cell?.column ?? -1
  const at = readout !== undefined && chosen >= 0 && chosen < readout.count ? chosen : undefined
  const hasFonts = useFonts()
  // biome-ignore lint/correctness/useExhaustiveDependencies: text is measured again once the bundled fonts are there, the canvas asks the screen how sharp it is.
  useEffect(() => {
    if (canvas.current === null || box.widthPx === 0 || box.heightPx === 0) return
    paint(canvas.current, CHART_THEMES[theme], { ...box, at })
  }, [paint, theme, box, at, hasFonts, ratio])
  const { frame, handlers } = useBoxDrag(
    selection && ((from, to, isAlt) => selection.onBox(from, to, box, isAlt)),
    selection && ((place, element) => selection.onPick(place, box, element)),
  )
  const byKeys = selection && cornersOf(choice, selection, box)
  const selected = frame ?? (byKeys === undefined ? selection?.frame(box) : frameOf(...byKeys))
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    handlers.onPointerMove(event)
    const { left } = event.currentTarget.getBoundingClientRect()
    const column = readout?.at(event.clientX - left, box.widthPx) ?? -1
    setChoice((now) => pointedAt(now, column))
  }
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (readout === undefined || event.altKey) return
    const next = afterPictureKey(choice, event, { columns: readout.count, rows: selection?.rows ?? 0 })
    if (next === undefined) return
    if (event.key !== 'Escape' || choice.anchor !== undefined) event.preventDefault()
    if (next !== 'take') setChoice(next)
    else if (byKeys !== undefined) {
      selection?.onBox(...byKeys, box, true)
      setChoice({ ...choice, anchor: undefined })
    } else if (choice.cell !== undefined) {
      selection?.onPick(selection.cell(choice.cell, box), box, event.currentTarget)
    }
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
        onPointerLeave={() => setChoice(({ anchor }) => ({ anchor, cell: undefined }))}
        onKeyDown={onKeyDown}
      >
        <canvas ref={canvas} />
        {selected !== undefined && box.widthPx > 0 && <span className="picture-region" style={selected} />}
      </div>
      {readout !== undefined && (
        <p className="picture-readout" aria-live="polite">
          {at === undefined ? legend : readout.text(at)}
        </p>
      )}
    </div>
  )
}

/** The same where the pointer stays on its column: nothing is drawn for that. */
function pointedAt(now: PictureChoice, column: number): PictureChoice {
  if (column === (now.cell?.column ?? -1)) return now
  return { anchor: now.anchor, cell: column < 0 ? undefined : { column, row: now.cell?.row ?? 0 } }
}

/** What keys have selected, as two corners. */
function cornersOf({ cell, anchor }: PictureChoice, selection: PictureSelection, box: Box) {
  if (anchor === undefined || box.widthPx === 0) return undefined
  return [selection.cell(anchor, box), selection.cell(cell ?? anchor, box)] as const
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
