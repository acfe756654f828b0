import type { Unit } from '@vantage/charts'

/** Of the figures of services. */
export const SECONDS: Unit = { kind: 'seconds' }
export const RATIO: Unit = { kind: 'ratio' }
export const RATE: Unit = { kind: 'plain', suffix: '/s' }
