import { CircleAlert, CircleCheck, TriangleAlert } from 'lucide-react'
import { HOST_RULE, type HostState } from './host-model.ts'

const MARKS = { silent: CircleAlert, strained: TriangleAlert, fine: CircleCheck } as const
const NAMES = { silent: 'Silent', strained: 'Strained', fine: 'Fine' } as const
/** Tones of states of services, which look alike. */
const TONES = { silent: 'failing', strained: 'degraded', fine: 'healthy' } as const

/** A state by shape and word, besides its colour. */
export function HostMark({ state }: { readonly state: HostState }) {
  const Mark = MARKS[state]
  return (
    <span className="service-state" data-state={TONES[state]} title={HOST_RULE}>
      <Mark className="icon" aria-hidden="true" />
      {NAMES[state]}
    </span>
  )
}
