import { Download, Link2, Lock, Share2 } from 'lucide-react'
import { readSearch, searchText } from '../app/router.ts'
import { announceDone, copyText } from '../app/toast.tsx'
import { Popover } from '../parts/popover.tsx'
import { rangeOf, timeStateOf, useTimeMemory } from '../time/time-store.ts'
import { download } from './download.ts'
import { type ShareOffer, useShareOffers } from './share-store.ts'

export function ShareMenu({ hasTime }: { readonly hasTime: boolean }) {
  const offers = useShareOffers()
  return (
    <Popover
      label="Share"
      kind="menu"
      triggerLabel="Share"
      triggerClass="button icon-only"
      trigger={<Share2 className="icon" aria-hidden="true" />}
    >
      {(close) => (
        <>
          <ShareItem icon={Link2} label="Copy link" aside="y" run={copyLink} close={close} />
          {hasTime && <ShareItem icon={Lock} label="Copy link to these minutes" run={copyFixedLink} close={close} />}
          {offers.map((offer) => (
            <ShareItem
              key={offer.label}
              icon={Download}
              label={offer.label}
              run={() => void save(offer)}
              close={close}
            />
          ))}
        </>
      )}
    </Popover>
  )
}

interface ShareItemProps {
  readonly icon: typeof Link2
  readonly label: string
  readonly aside?: string
  readonly run: () => void
  readonly close: () => void
}

function ShareItem({ icon: Icon, label, aside, run, close }: ShareItemProps) {
  return (
    <button
      type="button"
      role="menuitem"
      className="menu-item"
      onClick={() => {
        run()
        close()
      }}
    >
      <Icon className="icon" aria-hidden="true" />
      {label}
      {aside !== undefined && <kbd className="aside">{aside}</kbd>}
    </button>
  )
}

export function copyLink(): void {
  void copyText(location.href, 'Link')
}

/** The same view with both ends as instants, so that it shows the same tomorrow. */
export function copyFixedLink(): void {
  const params = readSearch()
  const { startMs, endMs } = rangeOf(timeStateOf(params), useTimeMemory.getState().nowMs)
  params.set('from', String(startMs))
  params.set('to', String(endMs))
  params.set('live', '0')
  void copyText(`${location.origin}${location.pathname}${searchText(params)}`, 'Link to these minutes')
}

async function save(offer: ShareOffer): Promise<void> {
  const blob = await offer.make()
  if (blob === undefined) announceDone('There is nothing to save yet')
  else download(blob, offer.fileName)
}
