import { X } from 'lucide-react'
import { type ReactNode, useEffect, useId, useRef } from 'react'
import { IconButton } from './icon-button.tsx'

interface DialogProps {
  readonly title: string
  readonly isTitleHidden?: boolean
  readonly onClose: () => void
  readonly children: ReactNode
}

/** A modal over the page: the browser's own dialog keeps focus inside and gives it back at the end. */
export function Dialog({ title, isTitleHidden, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the click is on the backdrop; Escape is the browser's own.
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current.close()
      }}
    >
      {isTitleHidden === true ? (
        <h2 id={titleId} className="visually-hidden">
          {title}
        </h2>
      ) : (
        <div className="dialog-head">
          <h2 id={titleId}>{title}</h2>
          <IconButton label="Close" keys="Esc" icon={X} onClick={() => dialog.current?.close()} />
        </div>
      )}
      {children}
    </dialog>
  )
}
