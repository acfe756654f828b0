import { err, type Fault, fault, ok, type Result } from '@vantage/model'
import { encodeMessage, framed, type Message } from '@vantage/query/traces'
import { json, type Route } from '../route.ts'
import type { RpcMethod } from '../rpc-method.ts'
import { type TraceRoute, text } from '../traces/route-factory.ts'

/** How many of the traces that begin in a service are recorded. */
export interface SamplingStrategy {
  /** A share of them, or so many a second. */
  readonly type: 'probabilistic' | 'ratelimiting'
  readonly param: number
  /** Shares of operations. */
  readonly operations: readonly { readonly operation: string; readonly param: number }[]
}

/** Strategies by service, from the configuration. */
export interface SamplingStrategies {
  readonly default: SamplingStrategy
  readonly services: readonly (SamplingStrategy & { readonly service: string })[]
}

const RATE: Message = { samplingRate: { field: 1, type: 'double' } }
/** Source: jaegertracing/jaeger-idl proto/api_v2/sampling.proto. */
const RESPONSE: Message = {
  strategyType: { field: 1, type: 'integer' },
  probabilisticSampling: { field: 2, type: RATE },
  rateLimitingSampling: { field: 3, type: { maxTracesPerSecond: { field: 1, type: 'integer' } } },
  operationSampling: {
    field: 4,
    type: {
      defaultSamplingProbability: { field: 1, type: 'double' },
      defaultLowerBoundTracesPerSecond: { field: 2, type: 'double' },
      perOperationStrategies: {
        field: 3,
        type: { operation: { field: 1, type: 'text' }, probabilisticSampling: { field: 2, type: RATE } },
      },
    },
  },
}
const NO_SERVICE = err(fault('bad_request', 'want the name of one service in service'))

function strategyOf({ services, default: fallback }: SamplingStrategies, name: string): SamplingStrategy {
  return services.find(({ service }) => service === name) ?? fallback
}

/** What clients understand: the type, and a member for it. */
function answerOf({ type, param, operations }: SamplingStrategy) {
  const isShare = type === 'probabilistic'
  return {
    strategyType: isShare ? 'PROBABILISTIC' : 'RATE_LIMITING',
    ...(isShare ? { probabilisticSampling: { samplingRate: param } } : {}),
    ...(isShare ? {} : { rateLimitingSampling: { maxTracesPerSecond: param } }),
    ...(operations.length === 0
      ? {}
      : {
          operationSampling: {
            defaultSamplingProbability: isShare ? param : 1,
            defaultLowerBoundTracesPerSecond: 0,
            perOperationStrategies: operations.map(({ operation, param: share }) => ({
              operation,
              probabilisticSampling: { samplingRate: share },
            })),
          },
        }),
  }
}

/** Where clients ask how many traces to record: by this path of Jaeger's, and by that of its agent. */
export function samplingRoutes(route: TraceRoute, strategies: SamplingStrategies): Route[] {
  return ['/api/sampling', '/sampling'].map((path) => ({
    ...route(path, 'How many traces a service records', [text('service', 'name of the service', true)], async (r) => {
      const [name = '', ...more] = r.params.getAll('service')
      return name === '' || more.length > 0 ? NO_SERVICE : ok(json(answerOf(strategyOf(strategies, name))))
    }),
    // Who sends spans asks it.
    permission: 'traces:write' as const,
  }))
}

/** @param read the request's members as parameters */
export function samplingRpc(
  strategies: SamplingStrategies,
  read: (message: Uint8Array) => Result<URLSearchParams>,
): RpcMethod {
  return {
    service: 'jaeger.api_v2.SamplingManager',
    name: 'GetSamplingStrategy',
    permission: 'traces:write',
    handle: async ({ message }): Promise<Result<Uint8Array, Fault>> => {
      const params = read(message)
      if (!params.ok) return params
      const name = params.value.get('service') ?? ''
      if (name === '') return NO_SERVICE
      const strategy = strategyOf(strategies, name)
      const strategyType = strategy.type === 'probabilistic' ? 0 : 1
      return ok(framed([encodeMessage(RESPONSE, { ...answerOf(strategy), strategyType })]))
    },
  }
}
