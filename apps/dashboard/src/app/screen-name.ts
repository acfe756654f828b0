import { useEffect } from 'react'
import { create } from 'zustand'

const useName = create<{ readonly name: string | undefined }>(() => ({ name: undefined }))

/** What the screen on show calls itself, for the breadcrumb: the title of a dashboard. undefined = what its route says. */
export function useScreenName(): string | undefined {
  return useName(({ name }) => name)
}

/** Names the screen while the component is there. */
export function useNamedScreen(name: string): void {
  useEffect(() => {
    useName.setState({ name })
    return () => useName.setState({ name: undefined })
  }, [name])
}
