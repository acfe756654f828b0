/** Faults that can be switched on while the shop runs. Each leaves its mark in an attribute of the spans it touches. */
export const FAULTS = {
  'slow-database': 'half of the calls of its database meet a replica that is slow (db.instance.id = replica-2)',
  'error-burst': 'one of two payment providers declines half of the cards (payment.provider = acme-pay)',
  'memory-leak': 'the cart keeps what it should forget (process memory grows)',
  'bad-deploy': 'it runs version 1.1.0, which is slow and fails now and then (service.version)',
} as const

/** Whom a fault is in unless another service is named; the two in the middle are in what these services do alone. */
export const FAULT_SERVICES: Readonly<Record<FaultName, string>> = {
  'slow-database': 'catalog',
  'error-burst': 'payments',
  'memory-leak': 'cart',
  'bad-deploy': 'catalog',
}

export type FaultName = keyof typeof FAULTS

const active = new Set<FaultName>()

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(FAULTS, name)
}

export function isActive(name: FaultName): boolean {
  return active.has(name)
}

export function setFault(name: FaultName, isOn: boolean): void {
  if (isOn) active.add(name)
  else active.delete(name)
}
