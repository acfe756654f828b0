import { useEffect } from 'react'
import { create } from 'zustand'

/** What the screen can hand out as a file; each makes its content when asked. */
export interface ShareOffer {
  readonly label: string
  readonly fileName: string
  readonly make: () => Promise<Blob | undefined> | Blob | undefined
}

export const useShareOffers = create<{ readonly offers: readonly ShareOffer[] }>(() => ({ offers: [] }))

/** Offers files while the component is mounted. `offers` must be stable between renders. */
export function useShare(offers: readonly ShareOffer[]): void {
  useEffect(() => {
    useShareOffers.setState({ offers })
    return () => useShareOffers.setState({ offers: [] })
  }, [offers])
}
