import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react'

interface PopoverProps {
  /** Name of the panel for screen readers. */
  readonly label: string
  readonly kind: 'menu' | 'dialog'
  readonly trigger: ReactNode
  readonly triggerLabel?: string
  readonly triggerClass?: string
  readonly panelClass?: string
  readonly isOpen?: boolean
  readonly onOpenChange?: (isOpen: boolean) => void
  readonly children: (close: () => void) => ReactNode
}

/** What gets the focus when a panel opens: what asks for it, else what is chosen, else what comes first. */
const FIRSTS = ['[data-autofocus]', '[aria-checked="true"]', 'input, button, a[href]']

/**
 * A button with a panel under it. Escape and a click elsewhere close it and focus returns to the button;
 * in menus ↑ and ↓ move between the items.
 */
export function Popover(props: PopoverProps) {
  const [isOpenInside, setOpenInside] = useState(false)
  const isOpen = props.isOpen ?? isOpenInside
  const setOpen = (open: boolean) => {
    setOpenInside(open)
    props.onOpenChange?.(open)
  }
  const anchor = useRef<HTMLSpanElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const panelId = useId()
  const close = () => {
    setOpen(false)
    button.current?.focus()
  }
  useCloseOutside(anchor, isOpen, () => setOpen(false))
  useEffect(() => {
    if (!isOpen) return
    const panel = anchor.current?.querySelector<HTMLElement>('.popover')
    const firsts = FIRSTS.map((selector) => panel?.querySelector<HTMLElement>(selector))
    firsts.find((one) => one != null)?.focus()
    if (panel instanceof HTMLElement) keepOnScreen(panel)
  }, [isOpen])
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.stopPropagation()
      event.preventDefault()
      close()
    } else if (props.kind === 'menu') moveInMenu(event)
  }
  return (
    <span className="popover-anchor" ref={anchor}>
      <button
        type="button"
        ref={button}
        className={props.triggerClass ?? 'button'}
        aria-label={props.triggerLabel}
        title={props.triggerLabel}
        aria-haspopup={props.kind}
        aria-expanded={isOpen}
        aria-controls={isOpen ? panelId : undefined}
        onClick={() => (isOpen ? close() : setOpen(true))}
      >
        {props.trigger}
      </button>
      {isOpen && (
        // biome-ignore lint/a11y/noStaticElementInteractions: the role is one of two, both interactive.
        // biome-ignore lint/a11y/useAriaPropsSupportedByRole: both roles take a label.
        <div
          id={panelId}
          role={props.kind}
          aria-label={props.label}
          tabIndex={-1}
          className={`popover ${props.panelClass ?? ''}`}
          onKeyDown={onKeyDown}
        >
          {props.children(close)}
        </div>
      )}
    </span>
  )
}

/** Room between a panel and the side of the screen, CSS pixels. */
const SIDE_PX = 8

/** A panel hangs from an end of its button; where the screen ends before it does, it moves back. */
function keepOnScreen(panel: HTMLElement): void {
  const { left, right } = panel.getBoundingClientRect()
  const shiftPx = Math.max(0, SIDE_PX - left) - Math.max(0, right - (innerWidth - SIDE_PX))
  if (shiftPx !== 0) panel.style.translate = `${shiftPx}px`
}

/** Closes what is open when something else is pressed. */
export function useCloseOutside(
  anchor: { readonly current: HTMLElement | null },
  isOpen: boolean,
  close: () => void,
): void {
  useEffect(() => {
    if (!isOpen) return
    const onPointerDown = (event: PointerEvent) => {
      if (event.target instanceof Node && anchor.current?.contains(event.target) === false) close()
    }
    document.addEventListener('pointerdown', onPointerDown)
    return () => document.removeEventListener('pointerdown', onPointerDown)
  })
}

/** ↑ ↓ Home End in a menu. */
export function moveInMenu(event: KeyboardEvent): void {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role^="menuitem"]')]
  const at = items.indexOf(document.activeElement as HTMLElement)
  const steps: Readonly<Record<string, number>> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }
  const to = steps[event.key]
  if (to === undefined) return
  event.preventDefault()
  items.at(to % items.length)?.focus()
}
