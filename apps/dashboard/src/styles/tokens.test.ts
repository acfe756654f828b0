import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHART_THEMES } from '@vantage/charts'
import { describe, expect, test } from 'vitest'

const css = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8')

function tokensOf(theme: 'dark' | 'light'): ReadonlyMap<string, string> {
  const block = new RegExp(`\\[data-theme="${theme}"\\] \\{([^}]*)\\}`).exec(css)?.[1] ?? ''
  return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((match) => [match[1]!, match[2]!]))
}

/** WCAG 2.2 contrast ratio of two sRGB colours. */
function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const v = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

const TEXT_TOKENS = ['text', 'text-2', 'text-3', 'accent', 'critical', 'warning', 'ok', 'info'] as const

for (const theme of ['dark', 'light'] as const) {
  const tokens = tokensOf(theme)
  const at = (name: string) => tokens.get(name) as string

  describe(`${theme} tokens`, () => {
    for (const name of TEXT_TOKENS) {
      for (const ground of ['surface', 'surface-2', 'hover', 'app', 'nav']) {
        test(`${name} on ${ground} is at least 4.5`, () =>
          expect(contrast(at(name), at(ground))).toBeGreaterThanOrEqual(4.5))
      }
    }
    for (const name of ['critical', 'warning', 'ok', 'accent']) {
      test(`${name} on its own background is at least 4.5`, () =>
        expect(contrast(at(name), at(`${name}-bg`))).toBeGreaterThanOrEqual(4.5))
    }
    test('white on the accent fill is at least 4.5', () =>
      expect(contrast('#ffffff', at('accent-fill'))).toBeGreaterThanOrEqual(4.5))
    for (const name of ['control-border', 'critical-fill', 'warning-fill']) {
      test(`${name} on surface is at least 3`, () =>
        expect(contrast(at(name), at('surface'))).toBeGreaterThanOrEqual(3))
    }
    for (let i = 1; i <= 8; i++) {
      test(`series ${i} on surface is at least 3`, () =>
        expect(contrast(at(`series-${i}`), at('surface'))).toBeGreaterThanOrEqual(3))
    }
    test('canvases use the same colours', () => {
      const chart = CHART_THEMES[theme]
      expect(chart.series.map((one) => one.toLowerCase())).toEqual(
        [1, 2, 3, 4, 5, 6, 7, 8].map((i) => at(`series-${i}`)),
      )
      const pairs = {
        background: 'surface',
        grid: 'border',
        axisText: 'text-3',
        text: 'text',
        accent: 'accent',
        critical: 'critical-fill',
        warning: 'warning-fill',
        ok: 'ok',
        accentBackground: 'accent-bg',
        hover: 'hover',
        raised: 'surface-2',
        criticalText: 'critical',
        warningText: 'warning',
        mutedText: 'text-2',
        hatch: 'border-strong',
      } as const
      for (const [own, token] of Object.entries(pairs)) {
        expect(chart[own as keyof typeof pairs].toLowerCase(), own).toBe(at(token))
      }
    })
  })
}
