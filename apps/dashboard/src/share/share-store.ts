import { useEffect, useId } from 'react'
import { create } from 'zustand'
import { usePane } from '../app/router.ts'

/** What the screen can hand out as a file; each makes its content when asked. */
export interface ShareOffer {
  readonly label: string
  readonly fileName: string
  readonly make: () => Promise<Blob | undefined> | Blob | undefined
}

interface ShareOffers {
  /** By who offers them: a screen has one, and each half of a split one. */
  readonly byOwner: ReadonlyMap<string, readonly ShareOffer[]>
}

const useOffers = create<ShareOffers>(() => ({ byOwner: new Map() }))

export function useShareOffers(): readonly ShareOffer[] {
  return [...useOffers().byOwner.values()].flat()
}

/** Offers files while the component is mounted. `offers` must be stable between renders. */
export function useShare(offers: readonly ShareOffer[]): void {
  const owner = useId()
  const pane = usePane()
  useEffect(() => {
    const named = pane === '' ? offers : offers.map((one) => ({ ...one, label: `${one.label} (${pane})` }))
    const put = (own: readonly ShareOffer[] | undefined) => {
      const byOwner = new Map(useOffers.getState().byOwner)
      if (own === undefined) byOwner.delete(owner)
      else byOwner.set(owner, own)
      useOffers.setState({ byOwner })
    }
    put(named)
    return () => put(undefined)
  }, [offers, owner, pane])
}
