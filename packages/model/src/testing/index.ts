export { FaultFileSystem, type FaultPlan } from './fault-file-system.ts'
export { MemoryMetrics } from './memory-metrics.ts'
export { seededRandom, testSeed } from './random.ts'
export { unlimitedBudget } from './unlimited-budget.ts'
