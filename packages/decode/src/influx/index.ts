export { INFLUX_ALIAS_SPACE, InfluxDecoder } from './decode.ts'
export type { InfluxPrecision } from './line.ts'
