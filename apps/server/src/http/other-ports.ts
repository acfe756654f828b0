import type { FastifyInstance } from 'fastify'
import type { LoadedConfig } from '../config/load.ts'
import { type AppDeps, faceApp, fullApp, otlpApp } from './app.ts'

/** What `--compat` adds for the faces that exist: collector, query API, execution logs, live socket, live page, Prometheus. */
const COMPAT_PORTS = [5173, 8000, 8001, 8002, 8003, 8080, 9090]

/** Where clients of Jaeger's agent ask how many traces to record, opened by `--compat`. */
const SAMPLING_PORT = 5778

/** A port beside the main one. */
export interface OtherPort {
  readonly port: number
  /** What sets it. */
  readonly what: string
  /** Asked for by name. */
  readonly isGiven: boolean
  readonly open: () => FastifyInstance
}

/** The HTTP ports beside the main one that the configuration opens. */
export function otherPorts({ config, given }: LoadedConfig, deps: AppDeps): readonly OtherPort[] {
  const { otlp, jaeger, compat } = config
  const named: OtherPort[] = [
    {
      port: otlp.httpPort,
      what: 'VANTAGE_OTLP_HTTP_PORT',
      isGiven: given.has('otlp.httpPort'),
      open: () => otlpApp(deps),
    },
    {
      port: jaeger.httpPort,
      what: 'VANTAGE_JAEGER_HTTP_PORT',
      isGiven: given.has('jaeger.httpPort'),
      open: () => faceApp(deps, []),
    },
    {
      port: jaeger.samplingPort ?? (compat ? SAMPLING_PORT : 0),
      what: 'VANTAGE_JAEGER_SAMPLING_PORT',
      isGiven: given.has('jaeger.samplingPort'),
      open: () => faceApp(deps, deps.samplingRoutes),
    },
  ]
  const usual = [
    ...COMPAT_PORTS.map((port) => ({ port, open: () => fullApp(deps) })),
    ...deps.faces.map(({ port, routes }) => ({ port, open: () => faceApp(deps, routes) })),
  ].map((one): OtherPort => ({ ...one, what: `compat port ${one.port}`, isGiven: false }))
  return [...named.filter(({ port }) => port > 0), ...(compat ? usual : [])]
}
