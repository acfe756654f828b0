import { type ComponentType, useLayoutEffect, useState } from 'react'
import { Notice } from '../parts/notice.tsx'

/** What stands in the place of a part; both have its props. */
interface Places<Props> {
  /** Until its code is there; a skeleton as large as a page unless told otherwise. */
  readonly Waiting?: ComponentType<Props>
  /** Below the message that its code cannot be loaded: what does without it. */
  readonly Instead?: ComponentType<Props>
}

/**
 * A part of the page whose code is fetched when it is first shown. Where that fails, the part says so in its place. React's
 * own `lazy` would end the page around it, and leaves its fallback for 300 ms however early the code is there.
 */
export function onDemand<Props extends object>(
  load: () => Promise<{ readonly default: ComponentType<Props> }>,
  { Waiting = PageSkeleton, Instead }: Places<Props> = {},
): ComponentType<Props> {
  let known: ComponentType<Props> | undefined
  // biome-ignore lint/correctness/noComponentHookFactories: made once for each part, when its module is read.
  return function OnDemand(props: Props) {
    const [Loaded, setLoaded] = useState(() => known)
    const [failure, setFailure] = useState<string | undefined>(undefined)
    const [attempt, setAttempt] = useState(0)
    // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt loads the same.
    useLayoutEffect(() => {
      if (known !== undefined) return
      load().then(
        (module) => {
          known = module.default
          setLoaded(() => module.default)
        },
        (error: unknown) => setFailure(error instanceof Error ? error.message : String(error)),
      )
    }, [attempt])
    if (Loaded !== undefined) return <Loaded {...props} />
    if (failure === undefined) return <Waiting {...props} />
    const retry = () => {
      if (known !== undefined) setLoaded(() => known)
      setAttempt(attempt + 1)
    }
    return (
      <>
        <NotLoaded failure={failure} onRetry={retry} />
        {Instead !== undefined && <Instead {...props} />}
      </>
    )
  }
}

function PageSkeleton() {
  return <div className="skeleton page-skeleton" aria-busy="true" />
}

function NotLoaded({ failure, onRetry }: { readonly failure: string; readonly onRetry: () => void }) {
  return (
    <Notice
      kind="critical"
      actions={
        <>
          <button type="button" className="button small" onClick={onRetry}>
            Retry
          </button>
          <button type="button" className="button small" onClick={() => location.reload()}>
            Reload
          </button>
        </>
      }
    >
      This part cannot be loaded: {failure}. Where the server has a newer version, Reload fetches it.
    </Notice>
  )
}
