import { type ReactNode, useEffect } from 'react'
import { create } from 'zustand'

const useLayer = create<{ readonly menu: ReactNode }>(() => ({ menu: null }))

export function showMenu(menu: ReactNode): void {
  useLayer.setState({ menu })
}

export function hideMenu(): void {
  useLayer.setState({ menu: null })
}

/** The menu of a chart lies beside the page, not in the chart: an answer without series takes that away, the menu stays. */
export function MenuLayer({ path }: { readonly path: string }): ReactNode {
  // biome-ignore lint/correctness/useExhaustiveDependencies: another screen has charts of its own.
  useEffect(() => hideMenu, [path])
  return useLayer(({ menu }) => menu)
}
