import { PLAIN, type Unit } from '@vantage/charts'
import type { UnitName } from '@vantage/model/dashboards'

/** What documents call units. */
export const UNITS: Readonly<Record<UnitName, Unit>> = {
  none: PLAIN,
  'per-second': { kind: 'plain', suffix: '/s' },
  seconds: { kind: 'seconds' },
  bytes: { kind: 'bytes', perSecond: false },
  'bytes-per-second': { kind: 'bytes', perSecond: true },
  ratio: { kind: 'ratio' },
  percent: { kind: 'percent' },
  cores: { kind: 'plain', suffix: 'cores' },
}
