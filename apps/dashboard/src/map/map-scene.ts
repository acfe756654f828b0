import { arrowWidth, formatValue, type MapScene, mapArrow, mapGround, type Place } from '@vantage/charts'
import { RATE, RATIO, SECONDS } from '../services/units.ts'
import type { MapNode, ServiceMap } from './map-model.ts'

export interface SceneInput {
  /** What the filters leave. */
  readonly map: ServiceMap
  readonly places: ReadonlyMap<string, Place>
  readonly selected: string | undefined
  readonly focused: string | undefined
  /** Text that names have; others are dimmed. */
  readonly find: string
}

/** What is drawn: nodes and calls with their looks, in their places. */
export function sceneOf({ map, places, selected, focused, find }: SceneInput): MapScene {
  const shown = map.nodes.filter(({ id }) => places.has(id))
  const ground = mapGround(new Map(shown.map(({ id }) => [id, places.get(id) as Place])))
  const isLit = litNodes(map, selected, find)
  const rateMax = map.edges.reduce((most, { now }) => Math.max(most, now.rate), 0)
  return {
    ground,
    nodes: shown.map((node) => ({
      id: node.id,
      name: node.name,
      figures: figuresText(node),
      state: node.state,
      isDimmed: !isLit(node.id),
      isSelected: node.id === selected,
      isFocused: node.id === focused,
    })),
    arrows: map.edges.flatMap((edge) => {
      const arrow = mapArrow(ground, edge)
      if (arrow === undefined) return []
      const isDimmed =
        selected === undefined ? !(isLit(edge.from) && isLit(edge.to)) : edge.from !== selected && edge.to !== selected
      return [{ ...arrow, width: arrowWidth(edge.now.rate, rateMax), state: edge.state, isDimmed }]
    }),
  }
}

/** What is selected with its neighbours; else what is looked for; else all. */
function litNodes({ nodes, edges }: ServiceMap, selected: string | undefined, find: string): (id: string) => boolean {
  if (selected !== undefined) {
    const near = new Set([selected])
    for (const { from, to } of edges) {
      if (from === selected) near.add(to)
      if (to === selected) near.add(from)
    }
    return (id) => near.has(id)
  }
  const found = new Set(foundNodes(nodes, find).map(({ id }) => id))
  return (id) => found.has(id)
}

/** Nodes whose name has the text. */
export function foundNodes(nodes: readonly MapNode[], find: string): readonly MapNode[] {
  const text = find.trim().toLowerCase()
  return text === '' ? nodes : nodes.filter(({ name }) => name.toLowerCase().includes(text))
}

/** Short enough for a node. */
function figuresText({ kind, members, now }: MapNode): string {
  const rate = formatValue(now.rate, RATE)
  const errors = now.errorShare > 0 ? ` · ${formatValue(now.errorShare, RATIO)} errors` : ''
  return kind === 'group' ? `${members} services · ${rate}` : `${rate}${errors}`
}

/** What a node says to those who do not see it. */
export function nodeSentence({ name, kind, state, members, now }: MapNode): string {
  const what = kind === 'group' ? `namespace ${name}, ${members} services` : name
  return `${what}, ${state}, ${redSentence(now)}`
}

function redSentence({ rate, errorShare, p95 }: MapNode['now']): string {
  const errors = errorShare > 0 ? `${formatValue(errorShare, RATIO)} errors` : 'no errors'
  return `${formatValue(rate, RATE)}, ${errors}, p95 ${formatValue(p95, SECONDS)}`
}

/** One sentence for the whole map. */
export function mapSummary({ nodes, edges }: ServiceMap): string {
  const bad = nodes.filter(({ state }) => state === 'failing' || state === 'degraded')
  const states =
    bad.length === 0 ? 'none of them failing or degraded' : bad.map(({ name, state }) => `${name} ${state}`).join(', ')
  return `Service map: ${nodes.length} services, ${edges.length} calls; ${states}`
}
