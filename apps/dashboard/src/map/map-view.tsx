import {
  CHART_THEMES,
  drawServiceMap,
  fittingName,
  type MapArrowLook,
  type MapNodeLook,
  type MapScene,
  type MapStep,
  markPath,
  NODE_HEIGHT,
  NODE_WIDTH,
  nodeAt,
  nodeBeside,
} from '@vantage/charts'
import { type KeyboardEvent, type PointerEvent, type RefObject, useEffect, useId, useRef, useState } from 'react'
import { useDeviceRatio } from '../app/device-ratio.ts'
import { usePreferences } from '../app/preferences.ts'
import { ZOOM_MAX, ZOOM_MIN } from './map-url.ts'

/** A fitted map is not drawn smaller than this: it scrolls. */
const FIT_MIN = 0.8
const ZOOM_STEP = 1.25
/** A press that moves further is a drag, CSS pixels. */
const CLICK_PX = 4
/** Device pixels that a canvas may have; larger maps are drawn coarser. */
const CANVAS_PIXELS_MAX = 32_000_000

interface MapViewProps {
  readonly scene: MapScene
  /** Canvas in place of SVG. */
  readonly isCanvas: boolean
  readonly summary: string
  readonly sentences: ReadonlyMap<string, string>
  readonly zoom: number | undefined
  readonly onZoom: (zoom: number | undefined) => void
  readonly onSelect: (id: string | undefined) => void
  readonly onFocus: (id: string) => void
}

const STEPS: Readonly<Record<string, MapStep>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
}

/** The map as a list of options in two dimensions: arrows move, ↵ selects, Esc takes the selection back. */
export function MapView(props: MapViewProps) {
  const { scene, isCanvas, summary, sentences, onSelect, onFocus } = props
  const host = useRef<HTMLDivElement>(null)
  const listId = useId()
  const { scale, change } = useZoom(host, props)
  const drag = useDrag(host)
  const focused = scene.nodes.find((node) => node.isFocused) ?? firstNode(scene)
  useVisible(host, focused?.id, scene, scale)
  const optionId = (id: string) => `${listId}-${id}`
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    if (step !== undefined && focused !== undefined) onFocus(nodeBeside(scene.ground, focused.id, step) ?? focused.id)
    else if ((event.key === 'Enter' || event.key === ' ') && focused !== undefined) onSelect(focused.id)
    else if (event.key === 'Escape') onSelect(undefined)
    else if (event.key === '+' || event.key === '=') change(scale * ZOOM_STEP)
    else if (event.key === '-') change(scale / ZOOM_STEP)
    else if (event.key === '0') change(undefined)
    else return
    event.preventDefault()
  }
  const onClick = (event: { readonly clientX: number; readonly clientY: number }) => {
    const box = host.current?.querySelector('.map-drawing')?.getBoundingClientRect()
    if (box === undefined || drag.hasMoved()) return
    const [x, y] = [(event.clientX - box.left) / scale, (event.clientY - box.top) / scale]
    onSelect(nodeAt(scene.ground, x, y))
  }
  return (
    <div
      ref={host}
      className="map-host side-scroll"
      role="listbox"
      data-single-keys="true"
      tabIndex={0}
      aria-label={summary}
      aria-activedescendant={focused === undefined ? undefined : optionId(focused.id)}
      onKeyDown={onKeyDown}
      onClick={onClick}
      {...drag.handlers}
    >
      {isCanvas ? (
        <MapCanvas scene={scene} scale={scale} />
      ) : (
        <MapDrawing scene={scene} scale={scale} sentences={sentences} optionId={optionId} />
      )}
      {isCanvas &&
        scene.nodes.map(({ id, isSelected }) => (
          <div
            key={id}
            id={optionId(id)}
            role="option"
            aria-selected={isSelected}
            tabIndex={-1}
            className="visually-hidden"
          >
            {sentences.get(id)}
          </div>
        ))}
    </div>
  )
}

/** Where reading begins: of those that nobody calls the uppermost. */
function firstNode({ nodes, ground }: MapScene): MapNodeLook | undefined {
  const place = ({ id }: MapNodeLook) => ground.boxes.get(id) ?? { x: Number.POSITIVE_INFINITY, y: 0 }
  return [...nodes].sort((a, b) => place(a).x - place(b).x || place(a).y - place(b).y)[0]
}

interface DrawingProps {
  readonly scene: MapScene
  readonly scale: number
  readonly sentences: ReadonlyMap<string, string>
  readonly optionId: (id: string) => string
}

function MapDrawing({ scene, scale, sentences, optionId }: DrawingProps) {
  const { width, height, boxes } = scene.ground
  return (
    <svg
      className="map-drawing"
      role="none"
      width={width * scale}
      height={height * scale}
      viewBox={`0 0 ${width} ${height}`}
    >
      <g>
        {scene.arrows.map((arrow) => (
          <Arrow key={`${arrow.line} ${arrow.head}`} arrow={arrow} />
        ))}
      </g>
      {scene.nodes.map((node) => {
        const box = boxes.get(node.id)
        return box === undefined ? null : (
          <g
            key={node.id}
            id={optionId(node.id)}
            role="option"
            tabIndex={-1}
            aria-selected={node.isSelected}
            aria-label={sentences.get(node.id)}
            className="map-node"
            data-state={node.state}
            data-dimmed={node.isDimmed}
            data-focused={node.isFocused}
            transform={`translate(${box.x} ${box.y})`}
          >
            <NodeBody node={node} />
          </g>
        )
      })}
    </svg>
  )
}

function Arrow({ arrow: { line, head, width, state, isDimmed } }: { readonly arrow: MapArrowLook }) {
  return (
    <g className="map-arrow" data-state={state} data-dimmed={isDimmed}>
      <path className="map-line" d={line} strokeWidth={width} />
      <path className="map-head" d={head} />
    </g>
  )
}

function NodeBody({ node: { name, figures, state } }: { readonly node: MapNodeLook }) {
  return (
    <>
      <title>{name}</title>
      <rect className="map-ring" x={-3} y={-3} width={NODE_WIDTH + 6} height={NODE_HEIGHT + 6} rx={11} />
      <rect className="map-box" x={0.5} y={0.5} width={NODE_WIDTH - 1} height={NODE_HEIGHT - 1} rx={8} />
      <path className="map-mark" d={markPath(state, 16, NODE_HEIGHT / 2)} />
      <text className="map-name" x={30} y={20}>
        {fittingName(name)}
      </text>
      <text className="map-figures" x={30} y={37}>
        {figures}
      </text>
    </>
  )
}

function MapCanvas({ scene, scale }: { readonly scene: MapScene; readonly scale: number }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const theme = usePreferences((one) => one.drawnTheme)
  const ratio = useDeviceRatio()
  const [fonts, setFonts] = useState(0)
  const { width, height } = scene.ground
  useEffect(() => {
    void document.fonts.ready.then(() => setFonts(1))
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: text is measured anew once the fonts are there.
  useEffect(() => {
    const own = canvas.current
    const context = own?.getContext('2d') ?? undefined
    if (own === null || context === undefined) return
    const finest = Math.sqrt(CANVAS_PIXELS_MAX / (width * height))
    const pixels = Math.min(scale * ratio, finest)
    own.width = Math.ceil(width * pixels)
    own.height = Math.ceil(height * pixels)
    own.style.width = `${width * scale}px`
    own.style.height = `${height * scale}px`
    drawServiceMap(context, scene, CHART_THEMES[theme], pixels)
  }, [scene, scale, theme, fonts, ratio])
  return <canvas ref={canvas} className="map-drawing" />
}

/** The scale that is drawn: the one chosen, or what fits the host. */
function useZoom(host: RefObject<HTMLDivElement | null>, { scene, zoom, onZoom }: MapViewProps) {
  const [size, setSize] = useState({ width: 0, height: 0 })
  useEffect(() => {
    const own = host.current as HTMLDivElement
    const observer = new ResizeObserver(() => setSize({ width: own.clientWidth, height: own.clientHeight }))
    observer.observe(own)
    return () => observer.disconnect()
  }, [host])
  const { width, height } = scene.ground
  const fitted = Math.max(FIT_MIN, Math.min(1, size.width / width, size.height / height))
  const scale = zoom ?? fitted
  const change = (next: number | undefined) => {
    onZoom(next === undefined ? undefined : Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, next)))
  }
  const latest = useRef({ scale, change })
  latest.current = { scale, change }
  useEffect(() => {
    const own = host.current as HTMLDivElement
    // The wheel scrolls the page; with Ctrl or ⌘ it zooms the map, which needs a listener that may refuse.
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      latest.current.change(latest.current.scale * (event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP))
    }
    own.addEventListener('wheel', onWheel, { passive: false })
    return () => own.removeEventListener('wheel', onWheel)
  }, [host])
  return { scale, change }
}

/** Dragging scrolls; the arrow keys do what it does by moving the focus. */
function useDrag(host: RefObject<HTMLDivElement | null>) {
  const last = useRef<{ x: number; y: number; moved: number } | undefined>(undefined)
  const wasDrag = useRef(false)
  const onPointerDown = (event: PointerEvent) => {
    wasDrag.current = false
    if (event.button === 0 && event.pointerType === 'mouse')
      last.current = { x: event.clientX, y: event.clientY, moved: 0 }
  }
  const onPointerMove = (event: PointerEvent) => {
    const from = last.current
    if (from === undefined || host.current === null) return
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y]
    host.current.scrollBy(-dx, -dy)
    last.current = { x: event.clientX, y: event.clientY, moved: from.moved + Math.abs(dx) + Math.abs(dy) }
    if (last.current.moved > CLICK_PX) wasDrag.current = true
  }
  const end = () => {
    last.current = undefined
  }
  const handlers = { onPointerDown, onPointerMove, onPointerUp: end, onPointerLeave: end }
  return { handlers, hasMoved: () => wasDrag.current }
}

/** Scrolls to a node that is not in sight. */
function useVisible(
  host: RefObject<HTMLDivElement | null>,
  id: string | undefined,
  scene: MapScene,
  scale: number,
): void {
  const latest = useRef({ scene, scale })
  latest.current = { scene, scale }
  useEffect(() => {
    const own = host.current
    const box = id === undefined ? undefined : latest.current.scene.ground.boxes.get(id)
    if (own === null || box === undefined) return
    const at = latest.current.scale
    // What is out of sight comes into the middle.
    const shown = (from: number, size: number, start: number, length: number) =>
      from >= start && from + size <= start + length ? start : from - (length - size) / 2
    own.scrollTo(
      shown(box.x * at, NODE_WIDTH * at, own.scrollLeft, own.clientWidth),
      shown(box.y * at, NODE_HEIGHT * at, own.scrollTop, own.clientHeight),
    )
  }, [host, id])
}
