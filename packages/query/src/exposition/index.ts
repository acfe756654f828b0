export { encodeMetricFamilies, type FamilySample, type NumberType } from './metric-family.ts'
