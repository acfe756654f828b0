/**
 * Kahan summation with Neumaier's change, as Prometheus sums. State is passed by object so that loops allocate
 * nothing. Source: prometheus/prometheus util/kahansum.
 */
export interface KahanSum {
  sum: number
  compensation: number
}

export function addKahan(state: KahanSum, increment: number): void {
  const { sum } = state
  const total = sum + increment
  if (total === Infinity || total === -Infinity) state.compensation = 0
  else if (Math.abs(sum) >= Math.abs(increment)) state.compensation += sum - total + increment
  else state.compensation += increment - total + sum
  state.sum = total
}

/** The new compensation alone, for sums that live in columns. */
export function kahanCompensation(sum: number, compensation: number, increment: number): number {
  const total = sum + increment
  if (total === Infinity || total === -Infinity) return 0
  if (Math.abs(sum) >= Math.abs(increment)) return compensation + (sum - total + increment)
  return compensation + (increment - total + sum)
}
