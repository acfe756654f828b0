import type { ChartTheme } from '../palette.ts'
import { type Box, fittingName, type MapArrow, type MapGround, NODE_HEIGHT, NODE_WIDTH } from './scene.ts'

export type MapState = 'failing' | 'degraded' | 'healthy' | 'quiet'

export interface MapNodeLook {
  readonly id: string
  readonly name: string
  readonly figures: string
  readonly state: MapState
  readonly isDimmed: boolean
  readonly isSelected: boolean
  readonly isFocused: boolean
}

export interface MapArrowLook extends MapArrow {
  readonly width: number
  readonly state: MapState
  readonly isDimmed: boolean
}

export interface MapScene {
  readonly ground: MapGround
  readonly nodes: readonly MapNodeLook[]
  readonly arrows: readonly MapArrowLook[]
}

const DIMMED = 0.25
const RADIUS = 8

/** Draws the whole map. @param scale device pixels of one CSS pixel of the ground */
export function drawServiceMap(
  context: CanvasRenderingContext2D,
  scene: MapScene,
  theme: ChartTheme,
  scale: number,
): void {
  context.setTransform(scale, 0, 0, scale, 0, 0)
  context.clearRect(0, 0, scene.ground.width, scene.ground.height)
  for (const arrow of scene.arrows) {
    context.globalAlpha = arrow.isDimmed ? DIMMED : 1
    const colour = stateColour(theme, arrow.state) ?? theme.hatch
    context.strokeStyle = colour
    context.fillStyle = colour
    context.lineWidth = arrow.width
    context.stroke(new Path2D(arrow.line))
    context.fill(new Path2D(arrow.head))
  }
  for (const node of scene.nodes) {
    const box = scene.ground.boxes.get(node.id)
    if (box === undefined) continue
    context.globalAlpha = node.isDimmed ? DIMMED : 1
    drawNode(context, node, box, theme)
  }
  context.globalAlpha = 1
}

/** Only what is not well has a colour. */
function stateColour(theme: ChartTheme, state: MapState): string | undefined {
  return state === 'failing' ? theme.critical : state === 'degraded' ? theme.warning : undefined
}

function drawNode(context: CanvasRenderingContext2D, node: MapNodeLook, { x, y }: Box, theme: ChartTheme): void {
  const outline = new Path2D()
  outline.roundRect(x + 0.5, y + 0.5, NODE_WIDTH - 1, NODE_HEIGHT - 1, RADIUS)
  context.fillStyle = theme.background
  context.fill(outline)
  context.strokeStyle = node.isSelected ? theme.accent : (stateColour(theme, node.state) ?? theme.hatch)
  context.lineWidth = node.isSelected ? 2 : 1
  context.stroke(outline)
  if (node.isFocused) {
    context.strokeStyle = theme.accent
    context.lineWidth = 2
    const ring = new Path2D()
    ring.roundRect(x - 3, y - 3, NODE_WIDTH + 6, NODE_HEIGHT + 6, RADIUS + 3)
    context.stroke(ring)
  }
  drawMark(context, node.state, x + 16, y + NODE_HEIGHT / 2, theme)
  context.textBaseline = 'middle'
  context.fillStyle = theme.text
  context.font = '500 13px "Inter Variable", sans-serif'
  context.fillText(fittingName(node.name), x + 30, y + 16)
  context.fillStyle = theme.axisText
  context.font = '12px "Inter Variable", sans-serif'
  context.fillText(node.figures, x + 30, y + 33)
}

/** A state by its shape: ● well, ▲ degraded, ◆ failing, ○ quiet. */
export function markPath(state: MapState, x: number, y: number): string {
  switch (state) {
    case 'failing':
      return `M${x} ${y - 6}l6 6l-6 6l-6 -6z`
    case 'degraded':
      return `M${x} ${y - 5}l6 10h-12z`
    case 'healthy':
    case 'quiet':
      return `M${x - 4.5} ${y}a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z`
  }
}

function drawMark(context: CanvasRenderingContext2D, state: MapState, x: number, y: number, theme: ChartTheme): void {
  const path = new Path2D(markPath(state, x, y))
  if (state === 'quiet') {
    context.strokeStyle = theme.axisText
    context.lineWidth = 1.5
    context.stroke(path)
    return
  }
  context.fillStyle = stateColour(theme, state) ?? theme.ok
  context.fill(path)
}
