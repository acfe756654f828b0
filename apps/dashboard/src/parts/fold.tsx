import type { MouseEvent, ReactNode } from 'react'

interface FoldProps {
  readonly isOpen: boolean
  readonly onToggle: (isOpen: boolean) => void
  readonly summary: ReactNode
  readonly className?: string
  readonly children: ReactNode
}

/** What folds away under its heading. Whether it is open is the page's to say, so that the URL can. */
export function Fold({ isOpen, onToggle, summary, className, children }: FoldProps) {
  const toggle = (event: MouseEvent) => {
    event.preventDefault()
    onToggle(!isOpen)
  }
  return (
    <details className={className} open={isOpen}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a summary is a button. */}
      <summary onClick={toggle}>{summary}</summary>
      {children}
    </details>
  )
}
