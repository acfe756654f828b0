/** One case of a suite: an id that stays the same from run to run, and how it went. */
export interface CaseResult {
  /** `aggregators.test:17` */
  readonly id: string
  readonly verdict: 'pass' | 'fail' | 'left out'
  /** What went wrong, or why it was left out; '' for a pass. */
  readonly reason: string
}

/** The cases of one file, all of them: also those that crashed or could not be read. */
export interface FileResult {
  readonly name: string
  readonly cases: readonly CaseResult[]
}

export interface SuiteOptions {
  /** Ask the server over HTTP instead of the engine in this process. */
  readonly isHttp: boolean
  /** How long a live comparison gathers samples before it asks. */
  readonly minutes: number
}

/** A set of tests that others wrote. Adding one is a file in `suites/` and a line in `suites.ts`. */
export interface Suite {
  /** Its folder below the one that holds all conformance data; undefined where it needs none. */
  readonly folder: string | undefined
  /** One result per file, in the order of their names. Files that cannot be read are results with a failed case. */
  run(dir: string, options: SuiteOptions): AsyncIterable<FileResult>
}
