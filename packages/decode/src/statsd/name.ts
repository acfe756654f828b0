/**
 * A name that Prometheus takes: whatever is no letter, digit or underscore becomes an underscore, and a name that
 * starts with a digit gets one in front.
 */
export function escapeName(name: string): string {
  const escaped = name.replaceAll(/[^a-zA-Z0-9_]/gu, '_')
  return /^[0-9]/.test(escaped) ? `_${escaped}` : escaped
}
