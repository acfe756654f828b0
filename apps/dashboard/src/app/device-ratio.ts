import { useSyncExternalStore } from 'react'

/** Device pixels per CSS pixel, also after the window has moved to another screen: sizes in CSS pixels stay as they are. */
export function useDeviceRatio(): number {
  return useSyncExternalStore(subscribe, () => devicePixelRatio)
}

function subscribe(listener: () => void): () => void {
  const over = new AbortController()
  const watch = () => {
    const onChange = () => {
      watch()
      listener()
    }
    const query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`)
    query.addEventListener('change', onChange, { once: true, signal: over.signal })
  }
  watch()
  return () => over.abort()
}
