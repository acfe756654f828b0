import { parseArgs } from 'node:util'

/** Where the shop is, and where it sends its telemetry. */
export interface ShopOptions {
  readonly endpoint: string
  /** Of the gateway; the other services have the ports behind it. */
  readonly port: number
  readonly loadPort: number
  readonly controlPort: number
  readonly users: string
}

export function shopOptions(args: readonly string[]): ShopOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      endpoint: { type: 'string', default: 'http://127.0.0.1:4318' },
      port: { type: 'string', default: '5000' },
      'load-port': { type: 'string', default: '8089' },
      'control-port': { type: 'string', default: '5009' },
      users: { type: 'string', default: '12' },
    },
  })
  return {
    endpoint: values.endpoint,
    port: Number(values.port),
    loadPort: Number(values['load-port']),
    controlPort: Number(values['control-port']),
    users: values.users,
  }
}
