import { quoteText } from '../../quote-text.ts'
import { asFloat, floatText, isList, isMap, isTime, TemplateError, type Value, valueText } from './value.ts'

/** Characters that a width or a precision may ask for. */
const WIDTH_MAX = 100_000
/** What JavaScript formats. */
const DIGITS_MAX = 100

/** A star takes the number from the arguments, `[n]` names which one is meant. */
const VERB =
  /%(?<flags>[-+ 0#]*)(?<width>(?:\[\d+\])?\*|\d+)?(?:\.(?<digits>(?:\[\d+\])?\*|\d*))?(?:\[(?<at>\d+)\])?(?<verb>\p{L}|%|$)/gu

interface Directive {
  readonly verb: string
  readonly flags: string
  readonly width: number
  /** How many digits or characters, where that was said. */
  readonly digits: number | undefined
}

/** Gives arguments one behind the other, or the one that `[n]` names. */
class Arguments {
  readonly #args: readonly Value[]
  #next = 0
  #isReordered = false

  constructor(args: readonly Value[]) {
    this.#args = args
  }

  /** @returns undefined where there is none */
  take(place: string | undefined): { readonly value: Value } | undefined {
    if (place !== undefined) {
      this.#isReordered = true
      this.#next = Number(place) - 1
    }
    if (this.#next < 0 || this.#next >= this.#args.length) return undefined
    return { value: this.#args[this.#next++] }
  }

  extra(): string {
    if (this.#isReordered || this.#next >= this.#args.length) return ''
    const shown = this.#args.slice(this.#next).map((one) => typed(one))
    return `%!(EXTRA ${shown.join(', ')})`
  }
}

/** Source: Go fmt.Sprintf, for the values that templates have. */
export function printf(format: string, args: readonly Value[]): string {
  const given = new Arguments(args)
  const out = format.replace(VERB, (_, ...rest) => {
    const groups = rest.at(-1) as Readonly<Record<string, string | undefined>>
    const { verb = '', flags = '' } = groups
    if (verb === '%') return '%'
    if (verb === '') return '%!(NOVERB)'
    const width = count(groups['width'] ?? '0', given)
    const digits = groups['digits'] === undefined ? undefined : count(groups['digits'], given)
    const argument = given.take(groups['at'])
    if (argument === undefined) return groups['at'] === undefined ? `%!${verb}(MISSING)` : `%!${verb}(BADINDEX)`
    const isLeft = flags.includes('-') || width < 0
    return formatted(argument.value, { verb, flags: isLeft ? `${flags}-` : flags, width: Math.abs(width), digits })
  })
  return out + given.extra()
}

/** A number of the format, or where it has a star one of the arguments. */
function count(text: string, given: Arguments): number {
  const wanted = text.endsWith('*') ? asFloat(given.take(/\d+/.exec(text)?.[0])?.value) : Number(text)
  if (Math.abs(wanted) > WIDTH_MAX) throw new TemplateError(`want at most ${WIDTH_MAX} characters, got more`)
  return Math.trunc(wanted)
}

/** Members of lists and maps are formatted each. */
function formatted(value: Value, directive: Directive): string {
  if (isList(value) && directive.verb !== 'T') {
    return `[${value.map((one) => formatted(one, directive)).join(' ')}]`
  }
  if (isMap(value) && directive.verb !== 'T') {
    const entries = [...value].sort(([a], [b]) => (a < b ? -1 : 1))
    return `map[${entries.map(([key, one]) => `${formatted(key, directive)}:${formatted(one, directive)}`).join(' ')}]`
  }
  const text = plainText(value, directive)
  return text === undefined ? `%!${directive.verb}(${typed(value)})` : padded(text, value, directive)
}

/** @returns undefined where the verb is none for the value's type */
function plainText(value: Value, directive: Directive): string | undefined {
  const { verb } = directive
  if (verb === 'T') return typeName(value)
  if (verb === 'v' && typeof value !== 'number' && typeof value !== 'bigint') {
    return value === undefined ? '<nil>' : valueText(value)
  }
  if (typeof value === 'string') return stringText(value, directive)
  if (isTime(value)) return verb === 's' ? valueText(value) : undefined
  if (typeof value === 'bigint') return integerText(value, directive)
  if (typeof value === 'number') return floatVerb(value, directive)
  return typeof value === 'boolean' && verb === 't' ? String(value) : undefined
}

function stringText(text: string, { verb, flags, digits }: Directive): string | undefined {
  const cut = digits === undefined ? text : [...text].slice(0, digits).join('')
  if (verb === 's') return cut
  if (verb === 'q') return flags.includes('#') && !cut.includes('`') ? `\`${cut}\`` : quoteText(cut)
  if (verb !== 'x' && verb !== 'X') return undefined
  const hex = Array.from(new TextEncoder().encode(cut), (byte) => byte.toString(16).padStart(2, '0'))
  const joined = hex.join(flags.includes(' ') ? ' ' : '')
  const shown = flags.includes('#') && joined !== '' ? `0x${joined}` : joined
  return verb === 'X' ? shown.toUpperCase() : shown
}

const BASES: Readonly<Record<string, { readonly base: number; readonly prefix: string }>> = {
  v: { base: 10, prefix: '' },
  d: { base: 10, prefix: '' },
  b: { base: 2, prefix: '0b' },
  o: { base: 8, prefix: '0' },
  O: { base: 8, prefix: '' },
  x: { base: 16, prefix: '0x' },
  X: { base: 16, prefix: '0X' },
}

function integerText(value: bigint, { verb, flags, digits }: Directive): string | undefined {
  const isRune = value >= 0n && value <= 0x10ffffn
  const rune = isRune ? String.fromCodePoint(Number(value)) : '\ufffd'
  if (verb === 'c') return rune
  if (verb === 'q') return `'${rune === "'" ? "\\'" : quoteText(rune).slice(1, -1).replaceAll('\\"', '"')}'`
  if (verb === 'U') return `U+${value.toString(16).toUpperCase().padStart(4, '0')}`
  const known = BASES[verb]
  if (known === undefined) return undefined
  const magnitude = (value < 0n ? -value : value).toString(known.base).padStart(digits ?? 1, '0')
  const shown = verb === 'X' ? magnitude.toUpperCase() : magnitude
  const prefix = verb === 'O' ? '0o' : flags.includes('#') ? known.prefix : ''
  return signOf(value < 0n, flags) + prefix + (digits === 0 && value === 0n ? '' : shown)
}

function floatVerb(value: number, { verb, flags, digits }: Directive): string | undefined {
  const magnitude = floatMagnitude(Math.abs(value), verb, digits)
  if (magnitude === undefined) return undefined
  if (Number.isNaN(value)) return flags.includes('+') ? '+NaN' : 'NaN'
  // Infinity says its sign wherever it stands alone.
  const sign = signOf(value < 0 || Object.is(value, -0), flags)
  return Number.isFinite(value) ? sign + magnitude : `${sign === '' ? '+' : sign}Inf`
}

function floatMagnitude(value: number, verb: string, digits: number | undefined): string | undefined {
  const places = Math.min(digits ?? 6, DIGITS_MAX)
  switch (verb) {
    case 'v':
    case 'g':
    case 'G': {
      const text =
        digits === undefined ? floatText(value) : significant(value, Math.min(Math.max(digits, 1), DIGITS_MAX))
      return verb === 'G' ? text.toUpperCase() : text
    }
    case 'f':
    case 'F':
      return value.toFixed(places)
    case 'e':
      return exponentText(value, places)
    case 'E':
      return exponentText(value, places).toUpperCase()
    default:
      return undefined
  }
}

/** So many digits, without zeros behind: an exponent where it lies outside of them. */
function significant(value: number, digits: number): string {
  if (value === 0) return '0'
  const [mantissa = '', exponentDigits = '0'] = value.toExponential(digits - 1).split('e')
  const exponent = Number(exponentDigits)
  if (exponent >= -4 && exponent < digits) return String(Number(value.toPrecision(digits)))
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa
  return `${short}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

function exponentText(value: number, digits: number): string {
  return value.toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2')
}

function signOf(isNegative: boolean, flags: string): string {
  if (isNegative) return '-'
  return flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
}

function padded(text: string, value: Value, { flags, width, digits, verb }: Directive): string {
  const missing = width - [...text].length
  if (missing <= 0) return text
  if (flags.includes('-')) return text + ' '.repeat(missing)
  const isInteger = typeof value === 'bigint'
  const isZeroed = flags.includes('0') && verb !== 'T' && !(isInteger && digits !== undefined) && !/Inf|NaN/.test(text)
  if (!isZeroed) return ' '.repeat(missing) + text
  const sign = typeof value === 'string' ? '' : (/^[+\- ]/.exec(text)?.[0] ?? '')
  return sign + '0'.repeat(missing) + text.slice(sign.length)
}

function typed(value: Value): string {
  return value === undefined ? '<nil>' : `${typeName(value)}=${valueText(value)}`
}

function typeName(value: Value): string {
  if (value === undefined) return '<nil>'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return 'float64'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'string'
  if (isTime(value)) return 'time.Time'
  return isList(value) ? '[]interface {}' : 'map[string]interface {}'
}
