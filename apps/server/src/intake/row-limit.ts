import type { LogBatch, SpanBatch, TenantId } from '@vantage/model'

/** A limit that depends on what a tenant has sent before. Asked in the order of the log. */
export interface RowLimit<Batch extends LogBatch | SpanBatch> {
  /** Refuses the rows of a new request that are beyond it, and remembers the others. */
  refuse(tenant: TenantId, batch: Batch): void
  /** Remembers the rows of a record that is replayed: its verdict has said which were taken. */
  note(tenant: TenantId, batch: Batch): void
}
