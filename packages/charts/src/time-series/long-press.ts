/** How long a finger rests before it is a long press. */
const PRESS_MS = 450
/** A finger that has moved further before that scrolls the page, CSS pixels. */
const REST_PX = 8

/**
 * A finger that rests on an element shows what is below it and moves that along; what is lifted again stays where it is.
 * @param onPlace gets the place of the finger, CSS pixels from the left of the element
 * @returns ends it
 */
export function onLongPress(element: HTMLElement, onPlace: (xPx: number) => void): () => void {
  const ended = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  let isPressed = false
  let start: Touch | undefined
  const tell = (touch: Touch) => onPlace(touch.clientX - element.getBoundingClientRect().left)
  const begin = (event: TouchEvent) => {
    clearTimeout(timer)
    isPressed = false
    start = event.touches.length === 1 ? event.touches[0] : undefined
    const touch = start
    if (touch === undefined) return
    timer = setTimeout(() => {
      isPressed = true
      tell(touch)
    }, PRESS_MS)
  }
  const move = (event: TouchEvent) => {
    const touch = event.touches[0]
    if (touch === undefined || start === undefined) return
    if (isPressed) {
      event.preventDefault()
      tell(touch)
    } else if (Math.hypot(touch.clientX - start.clientX, touch.clientY - start.clientY) > REST_PX) clearTimeout(timer)
  }
  const finish = (event: TouchEvent) => {
    clearTimeout(timer)
    // Otherwise the browser makes a click of it.
    if (isPressed && event.cancelable) event.preventDefault()
  }
  const { signal } = ended
  element.addEventListener('touchstart', begin, { signal, passive: true })
  element.addEventListener('touchmove', move, { signal, passive: false })
  element.addEventListener('touchend', finish, { signal })
  element.addEventListener('touchcancel', finish, { signal })
  element.addEventListener('contextmenu', (event) => isPressed && event.preventDefault(), { signal })
  return () => {
    clearTimeout(timer)
    ended.abort()
  }
}
