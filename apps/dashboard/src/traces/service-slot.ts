/** A stable place in the series palette, 1 … 8, for a service that stands alone. */
export function serviceSlot(service: string): number {
  let hash = 0
  for (let i = 0; i < service.length; i++) hash = (Math.imul(hash, 31) + service.charCodeAt(i)) | 0
  return (Math.abs(hash) % 8) + 1
}
