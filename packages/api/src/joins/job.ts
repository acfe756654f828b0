import {
  type Clock,
  err,
  type Fault,
  FaultError,
  ok,
  type QueryBudget,
  type Result,
  type TenantId,
  unreachable,
} from '@vantage/model'
import {
  type AboutRequest,
  aboutSubject,
  type DifferenceRequest,
  type ExceptionsRequest,
  findDifference,
  findExceptions,
  type Readers,
} from '@vantage/query/joins'
import type { TraceqlLimits } from '@vantage/query/traceql'
import { AnswerWriter } from '../answer-writer.ts'
import { aboutBody } from './about-answer.ts'
import { differenceBody } from './difference-answer.ts'
import { exceptionsBody } from './exceptions-answer.ts'

/** Questions that need more than one signal; plain data, so that they can be posted to a thread. */
export type JoinsJob =
  | { readonly kind: 'about'; readonly request: AboutRequest }
  | { readonly kind: 'exceptions'; readonly request: ExceptionsRequest; readonly limit: number }
  /** `limit`: rows of each list. */
  | { readonly kind: 'difference'; readonly request: DifferenceRequest; readonly limit: number }

/** Runs one job to its complete answer in JSON. Synchronous: the caller's thread waits. */
export function runJoinsJob(
  job: JoinsJob,
  tenant: TenantId,
  readers: Readers,
  budget: QueryBudget,
  limits: TraceqlLimits,
  clock: Clock,
): Result<Uint8Array<ArrayBuffer>, Fault> {
  const body = bodyOf(job, tenant, readers, budget, limits, clock)
  if (!body.ok) return body
  try {
    const out = new AnswerWriter((bytes) => budget.chargeBytes(bytes))
    out.text(JSON.stringify(body.value))
    return ok(out.finish())
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

/** @returns what JSON.stringify takes */
function bodyOf(
  job: JoinsJob,
  tenant: TenantId,
  readers: Readers,
  budget: QueryBudget,
  limits: TraceqlLimits,
  clock: Clock,
): Result<unknown, Fault> {
  switch (job.kind) {
    case 'about': {
      const about = aboutSubject(job.request, tenant, readers, budget, limits, clock)
      return about.ok ? ok(aboutBody(job.request.subject, about.value)) : about
    }
    case 'difference': {
      const found = findDifference(job.request, tenant, readers, budget, limits, clock)
      return found.ok ? ok(differenceBody(job.request, found.value, job.limit)) : found
    }
    case 'exceptions': {
      const found = findExceptions(job.request, tenant, readers, budget, clock)
      return found.ok ? ok(exceptionsBody(found.value, job.limit)) : found
    }
    default:
      return unreachable(job)
  }
}
