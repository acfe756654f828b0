import type { ComponentProps, MouseEvent } from 'react'
import { hrefFor, navigatePath, type SearchChange, useSharedParams } from './router.ts'

type LinkProps = ComponentProps<'a'> & {
  readonly to: string
  readonly params?: SearchChange
  /** The breadcrumb of what follows leads back to what is shown now. */
  readonly keepsWay?: boolean
}

/** A link within the app: time goes along, and new tabs work as with any other link. */
export function Link({ to, params, keepsWay = false, onClick, ...rest }: LinkProps) {
  // The address holds the time range. Other parameters change with every key in a list: links are not drawn again for them.
  useSharedParams()
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event)
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    navigatePath(to, params, { keepsWay })
  }
  return <a {...rest} href={hrefFor(to, params)} onClick={follow} />
}
