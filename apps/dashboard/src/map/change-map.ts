import { navigateSearch } from '../app/router.ts'
import { type MapState, mapChange } from './map-url.ts'

/** Writes a part of the map's state into the URL. */
export function changeMap(change: Partial<MapState>, options: { replace?: boolean } = {}): void {
  navigateSearch(mapChange(change), options)
}
