import type { ItemReason, Refusal } from '@vantage/model'
import { WARNINGS_MAX } from './limits.ts'

/** What a batch of any signal tells its sender. */
interface Told {
  readonly refused: Refusal[]
  readonly warnings: string[]
}

/** Adds refused items to a batch: one entry a reason, with the first message. */
export function refuseItems(batch: Pick<Told, 'refused'>, reason: ItemReason, count: number, message: string): void {
  const refused = batch.refused
  for (let i = 0; i < refused.length; i++) {
    const entry = refused[i] as Refusal
    if (entry.reason !== reason) continue
    refused[i] = { reason, count: entry.count + count, message: entry.message }
    return
  }
  refused.push({ reason, count, message })
}

/** Keeps a warning once, up to a bound. */
export function warnOnce(batch: Told, message: string): void {
  if (batch.warnings.length < WARNINGS_MAX && !batch.warnings.includes(message)) batch.warnings.push(message)
}
