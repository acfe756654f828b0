import type { MapGraph, Place } from '@vantage/charts'

/** From the page to the worker. */
export interface LayoutRequest {
  readonly id: number
  readonly graph: MapGraph
  readonly known: readonly (readonly [string, Place])[]
}

/** From the worker to the page, with the id of what was asked. */
export interface LayoutAnswer {
  readonly id: number
  readonly places: readonly (readonly [string, Place])[]
}
