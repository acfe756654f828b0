import { type RefObject, useLayoutEffect, useState } from 'react'

/** The inner width of an element, px, as it changes; 0 before it is known. */
export function useWidth(host: RefObject<HTMLElement | null>): number {
  const [widthPx, setWidth] = useState(0)
  useLayoutEffect(() => {
    const element = host.current as HTMLElement
    const measure = () => setWidth(element.clientWidth)
    measure()
    const watcher = new ResizeObserver(measure)
    watcher.observe(element)
    return () => watcher.disconnect()
  }, [host])
  return widthPx
}
