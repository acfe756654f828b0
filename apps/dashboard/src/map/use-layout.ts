import type { MapGraph, Place } from '@vantage/charts'
import { useEffect, useRef, useState } from 'react'
import { keepStored, readStoredList } from '../app/stored-list.ts'
import type { LayoutAnswer, LayoutRequest } from './layout-messages.ts'
import type { ServiceMap } from './map-model.ts'

/** Nodes whose places this browser remembers. */
const PLACES_MAX = 4_000

type NamedPlace = readonly [string, Place]
/** Grouped and plain maps remember places of their own. */
export type LayoutKind = 'plain' | 'grouped'

const keyOf = (kind: LayoutKind) => `vantage.map-places.${kind}`

function readPlaces(kind: LayoutKind): NamedPlace[] {
  return readStoredList(keyOf(kind), isNamedPlace, PLACES_MAX)
}

/** Who is not there now finds its place when it comes back. */
function keepPlaces(kind: LayoutKind, places: readonly NamedPlace[]): void {
  const names = new Set(places.map(([name]) => name))
  const gone = readPlaces(kind).filter(([name]) => !names.has(name))
  keepStored(keyOf(kind), JSON.stringify([...places, ...gone].slice(0, PLACES_MAX)))
}

/** Nodes without calls wait for their first call to be placed well. */
function linkedPlaces(graph: string, places: ReadonlyMap<string, Place>): NamedPlace[] {
  const { edges } = JSON.parse(graph) as MapGraph
  const linked = new Set(edges.flatMap(({ from, to }) => [from, to]))
  return [...places].filter(([name]) => linked.has(name))
}

function isNamedPlace(value: unknown): value is NamedPlace {
  if (!Array.isArray(value) || typeof value[0] !== 'string') return false
  const { column, row } = (value[1] ?? {}) as Partial<Place>
  return Number.isSafeInteger(column) && Number.isSafeInteger(row)
}

export interface Layout {
  /** Undefined before the first. */
  readonly places: ReadonlyMap<string, Place> | undefined
  /** Forgets the places of now and lays all out anew. */
  readonly arrange: () => void
}

/** Lays a map out in a worker whenever its nodes or calls change; who has a place keeps it. */
export function useLayout(map: ServiceMap | undefined, kind: LayoutKind): Layout {
  const [places, setPlaces] = useState<ReadonlyMap<string, Place> | undefined>(undefined)
  const [turn, setTurn] = useState(0)
  const worker = useRef<Worker>(undefined)
  const lastId = useRef(0)
  // Figures change with every refresh; places follow from names and calls alone.
  const graph =
    map === undefined
      ? undefined
      : JSON.stringify({ nodes: map.nodes.map(({ id }) => id), edges: map.edges.map(({ from, to }) => ({ from, to })) })
  useEffect(() => {
    worker.current = new Worker(MAP_WORKER_URL, { type: 'module' })
    return () => worker.current?.terminate()
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: a turn asks again.
  useEffect(() => {
    const own = worker.current
    if (graph === undefined || own === undefined) return
    const id = ++lastId.current
    own.onmessage = ({ data }: MessageEvent<LayoutAnswer>) => {
      if (data.id !== lastId.current) return
      const next = new Map(data.places)
      setPlaces(next)
      keepPlaces(kind, linkedPlaces(graph, next))
    }
    const request: LayoutRequest = { id, graph: JSON.parse(graph), known: readPlaces(kind) }
    own.postMessage(request)
  }, [graph, kind, turn])
  const arrange = () => {
    keepStored(keyOf(kind), '[]')
    setTurn((former) => former + 1)
  }
  return { places, arrange }
}
