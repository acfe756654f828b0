/** A decimal number: `digits · 10^−scale`. */
interface Decimal {
  readonly digits: bigint
  readonly scale: number
}

/** Places behind the point that quotients are rounded to. Source: shopspring/decimal, DivisionPrecision. */
const DIVISION_PLACES = 16

/** The shortest decimal that is read as this float. */
function decimalOf(value: number): Decimal {
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e')
  const [whole = '0', fraction = ''] = mantissa.split('.')
  const scale = fraction.length - Number(exponent)
  const digits = BigInt(whole + fraction)
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 }
}

function numberOf({ digits, scale }: Decimal): number {
  return Number(`${digits}e${-scale}`)
}

function aligned(a: Decimal, b: Decimal): readonly [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale)
  return [a.digits * 10n ** BigInt(scale - a.scale), b.digits * 10n ** BigInt(scale - b.scale), scale]
}

/** The nearest to a / b; halves go away from zero. */
function quotient(a: bigint, b: bigint): bigint {
  const isNegative = a < 0n !== b < 0n
  const [top, bottom] = [a < 0n ? -a : a, b < 0n ? -b : b]
  const nearest = (top * 2n + bottom) / (bottom * 2n)
  return isNegative ? -nearest : nearest
}

/** Calculates as people do, so that 0.1 + 0.2 is 0.3. Numbers that are not finite are left to floats. */
export function calculateDecimal(op: '+' | '-' | '*' | '/', x: number, y: number): number {
  if (!Number.isFinite(x) || !Number.isFinite(y) || (op === '/' && y === 0)) return calculateFloat(op, x, y)
  const [left, right, scale] = aligned(decimalOf(x), decimalOf(y))
  switch (op) {
    case '+':
      return numberOf({ digits: left + right, scale })
    case '-':
      return numberOf({ digits: left - right, scale })
    case '*':
      return numberOf({ digits: left * right, scale: scale * 2 })
    case '/':
      return numberOf({ digits: quotient(left * 10n ** BigInt(DIVISION_PLACES), right), scale: DIVISION_PLACES })
  }
}

function calculateFloat(op: '+' | '-' | '*' | '/', x: number, y: number): number {
  switch (op) {
    case '+':
      return x + y
    case '-':
      return x - y
    case '*':
      return x * y
    case '/':
      return x / y
  }
}
