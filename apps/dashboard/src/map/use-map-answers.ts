import type { TimeRange } from '@vantage/model'
import { useMemo } from 'react'
import { client } from '../app/client.ts'
import { useAsked } from '../explore/use-asked.ts'
import type { Questions } from '../parts/faults.tsx'
import { figuresQuery } from '../services/service-queries.ts'
import { type ServiceMap, serviceMapOf } from './map-model.ts'
import { callsQuery, NAMESPACES_QUERY } from './map-queries.ts'

export interface MapAsked {
  /** Undefined until services and calls are known, or one of them is and the other failed. */
  readonly map: ServiceMap | undefined
  readonly isLoading: boolean
  readonly asked: Questions
}

/** Services and calls of a range and of the time before it. */
export function useMapAnswers({ startMs, endMs }: TimeRange): MapAsked {
  const spanMs = endMs - startMs
  const key = `${startMs} ${endMs}`
  const ask = (query: string) => (signal: AbortSignal) => client.queryInstant(query, endMs, signal)
  const services = useAsked(key, ask(figuresQuery(spanMs, 0, 'service')))
  const servicesBefore = useAsked(key, ask(figuresQuery(spanMs, spanMs, 'service')))
  const calls = useAsked(key, ask(callsQuery(spanMs, 0)))
  const callsBefore = useAsked(key, ask(callsQuery(spanMs, spanMs)))
  const namespaces = useAsked(key, ask(NAMESPACES_QUERY))
  const asked = {
    Services: services,
    Calls: calls,
    'Services of the time before': servicesBefore,
    'Calls of the time before': callsBefore,
    Namespaces: namespaces,
  }
  const map = useMemo(() => {
    // Services without their calls would be laid out as strangers.
    const isWaiting = [services, calls].some(({ answer, fault }) => answer === undefined && fault === undefined)
    if (isWaiting || (services.answer === undefined && calls.answer === undefined)) return undefined
    return serviceMapOf({
      services: services.answer,
      servicesBefore: servicesBefore.answer,
      calls: calls.answer,
      callsBefore: callsBefore.answer,
      namespaces: namespaces.answer,
    })
  }, [services, servicesBefore.answer, calls, callsBefore.answer, namespaces.answer])
  return {
    map,
    isLoading: Object.values(asked).some((one) => one.isLoading),
    asked,
  }
}
