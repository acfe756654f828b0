import { type RefObject, useLayoutEffect, useState } from 'react'

export interface Box {
  readonly widthPx: number
  readonly heightPx: number
}

/** The inner size of an element as it changes; 0 before it is known. */
export function useBox(host: RefObject<HTMLElement | null>): Box {
  const [box, setBox] = useState<Box>({ widthPx: 0, heightPx: 0 })
  useLayoutEffect(() => {
    const element = host.current as HTMLElement
    const measure = () => setBox({ widthPx: element.clientWidth, heightPx: element.clientHeight })
    measure()
    const watcher = new ResizeObserver(measure)
    watcher.observe(element)
    return () => watcher.disconnect()
  }, [host])
  return box
}
