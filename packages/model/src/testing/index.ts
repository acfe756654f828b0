export { MemoryMetrics } from './memory-metrics.ts'
export { unlimitedBudget } from './unlimited-budget.ts'
