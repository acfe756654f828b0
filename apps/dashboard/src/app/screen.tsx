import { type ComponentType, useLayoutEffect, useState } from 'react'

/**
 * A part of the page as large as the page itself, whose code is fetched when it is first shown. React's own `lazy` leaves
 * its fallback for 300 ms however early the code is there, and nothing is asked meanwhile.
 */
export function screen<Props extends object>(
  load: () => Promise<{ readonly default: ComponentType<Props> }>,
): ComponentType<Props> {
  let known: ComponentType<Props> | undefined
  // biome-ignore lint/correctness/noComponentHookFactories: made once for each screen, when its module is read.
  return function Screen(props: Props) {
    const [Loaded, setLoaded] = useState(() => known)
    const [failure, setFailure] = useState<{ readonly error: unknown } | undefined>(undefined)
    useLayoutEffect(() => {
      if (known !== undefined) return
      load().then(
        (module) => {
          known = module.default
          setLoaded(() => module.default)
        },
        (error: unknown) => setFailure({ error }),
      )
    }, [])
    if (failure !== undefined) throw failure.error
    return Loaded === undefined ? <div className="skeleton page-skeleton" aria-busy="true" /> : <Loaded {...props} />
  }
}
