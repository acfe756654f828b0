import {
  type Clock,
  err,
  type Fault,
  FaultError,
  ok,
  type QueryBudget,
  type Result,
  type TenantId,
} from '@vantage/model'
import { type AboutRequest, aboutSubject, type Readers } from '@vantage/query/joins'
import type { TraceqlLimits } from '@vantage/query/traceql'
import { AnswerWriter } from '../answer-writer.ts'
import { aboutBody } from './about-answer.ts'

/** Questions that need more than one signal; plain data, so that they can be posted to a thread. */
export type JoinsJob = { readonly kind: 'about'; readonly request: AboutRequest }

/** Runs one job to its complete answer in JSON. Synchronous: the caller's thread waits. */
export function runJoinsJob(
  job: JoinsJob,
  tenant: TenantId,
  readers: Readers,
  budget: QueryBudget,
  limits: TraceqlLimits,
  clock: Clock,
): Result<Uint8Array<ArrayBuffer>, Fault> {
  const about = aboutSubject(job.request, tenant, readers, budget, limits, clock)
  if (!about.ok) return about
  try {
    const out = new AnswerWriter((bytes) => budget.chargeBytes(bytes))
    out.text(JSON.stringify(aboutBody(job.request.subject, about.value)))
    return ok(out.finish())
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}
