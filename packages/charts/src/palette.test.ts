import { describe, expect, test } from 'vitest'
import { assignSlots, CHART_THEMES, SLOT_COUNT, STATUS_SLOTS, slotColour, slotDash, slotLine } from './palette.ts'

describe('slots of series', () => {
  const keys = Array.from({ length: 24 }, (_, i) => `series ${i}`)

  test('are all different while there are enough', () => {
    expect(new Set(assignSlots(keys)).size).toBe(SLOT_COUNT)
    expect(new Set(assignSlots(keys.slice(0, 8)).map((slot) => slot % 8)).size).toBe(8)
  })

  test('do not depend on the order of the series', () => {
    const forward = new Map(assignSlots(keys).map((slot, i) => [keys[i], slot]))
    const reversed = [...keys].reverse()
    expect(assignSlots(reversed)).toEqual(reversed.map((key) => forward.get(key)))
  })

  test('repeat where there are more series than slots', () => {
    const many = assignSlots(Array.from({ length: 100 }, (_, i) => `many ${i}`))
    expect(many.every((slot) => slot >= 0 && slot < SLOT_COUNT)).toBe(true)
  })

  test('go from solid over dashed to dotted', () => {
    expect([0, 8, 16].map((slot) => slotDash(slot).length)).toEqual([0, 2, 2])
  })

  test('of a status have its colour, without dashes, and follow from no key', () => {
    const { dark } = CHART_THEMES
    const { critical, warning, ok } = STATUS_SLOTS
    expect([critical, warning, ok].map((slot) => slotColour(dark, slot))).toEqual([
      dark.critical,
      dark.warning,
      dark.ok,
    ])
    expect([critical, warning, ok].map(slotLine)).toEqual(['solid', 'solid', 'solid'])
    expect(Math.min(critical, warning, ok)).toBeGreaterThanOrEqual(SLOT_COUNT)
  })
})

/** OKLab of an sRGB colour, optionally as a person with a colour vision deficiency sees it. */
function oklab(hex: string, vision: readonly number[] | undefined): readonly [number, number, number] {
  let [r, g, b] = [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16) / 255).map(linear) as [
    number,
    number,
    number,
  ]
  if (vision !== undefined) {
    const m = vision as readonly [number, number, number, number, number, number, number, number, number]
    const seen = [m[0] * r + m[1] * g + m[2] * b, m[3] * r + m[4] * g + m[5] * b, m[6] * r + m[7] * g + m[8] * b]
    ;[r, g, b] = seen.map((v) => Math.min(1, Math.max(0, v))) as [number, number, number]
  }
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

function linear(v: number): number {
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4
}

/** Machado, Oliveira, Fernandes 2009, severity 1.0. */
const VISIONS: Readonly<Record<string, readonly number[] | undefined>> = {
  normal: undefined,
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
}

describe('any two colours can be told apart with every kind of colour vision', () => {
  const smallest = (colours: readonly string[]) => {
    let distance = Number.POSITIVE_INFINITY
    for (const vision of Object.values(VISIONS)) {
      const points = colours.map((colour) => oklab(colour, vision))
      for (let i = 0; i < points.length; i++) {
        for (let j = 0; j < i; j++) {
          const [a, b] = [points[i]!, points[j]!]
          distance = Math.min(distance, 100 * Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]))
        }
      }
    }
    return distance
  }
  test('dark: at least 12', () => expect(smallest(CHART_THEMES.dark.series)).toBeGreaterThanOrEqual(12))
  test('light: at least 8.5', () => expect(smallest(CHART_THEMES.light.series)).toBeGreaterThanOrEqual(8.5))
})
