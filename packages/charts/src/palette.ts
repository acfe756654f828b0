/**
 * Colours that canvases use. They equal the custom properties of the dashboard's `tokens.css`
 * (a test there compares them), because a canvas cannot read `var(--…)`.
 */
export type ThemeName = 'dark' | 'light'

export interface ChartTheme {
  readonly name: ThemeName
  readonly background: string
  readonly grid: string
  readonly axisText: string
  readonly text: string
  readonly accent: string
  readonly critical: string
  readonly warning: string
  readonly ok: string
  /** Behind text: what is chosen, what is pointed at, what stands out from the background. */
  readonly accentBackground: string
  readonly hover: string
  readonly raised: string
  /** For words; `critical` is for shapes. */
  readonly criticalText: string
  readonly warningText: string
  readonly mutedText: string
  readonly hatch: string
  /** From few to many. */
  readonly ramp: readonly string[]
  /** Eight colours; slots 8–15 repeat them dashed, 16–23 dotted. */
  readonly series: readonly string[]
}

export const CHART_THEMES: Readonly<Record<ThemeName, ChartTheme>> = {
  dark: {
    name: 'dark',
    background: '#14181F',
    grid: '#252C37',
    axisText: '#8490A1',
    text: '#E8ECF2',
    accent: '#93A1FF',
    critical: '#F0655C',
    warning: '#E9A53C',
    ok: '#47CF97',
    accentBackground: '#1E2440',
    hover: '#1F2631',
    raised: '#1A2029',
    criticalText: '#FF7A72',
    warningText: '#F2B24A',
    mutedText: '#AAB4C2',
    hatch: '#3A4454',
    ramp: ['#182132', '#22497F', '#4389C9', '#B4DBF5'],
    series: ['#6898E8', '#E1A447', '#80D1B5', '#DF5E97', '#FADE4E', '#8851D1', '#C2ECFE', '#A85237'],
  },
  light: {
    name: 'light',
    background: '#FFFFFF',
    grid: '#E1E6ED',
    axisText: '#5F6B7E',
    text: '#141B26',
    accent: '#4050D0',
    critical: '#D4463C',
    warning: '#C5831A',
    ok: '#0A7450',
    accentBackground: '#ECEEFC',
    hover: '#EEF1F6',
    raised: '#F7F9FB',
    criticalText: '#C0281F',
    warningText: '#935400',
    mutedText: '#465266',
    hatch: '#C5CDD9',
    ramp: ['#EAF1FA', '#A6C6E8', '#4682C0', '#143E74'],
    series: ['#2E58B1', '#C87F2C', '#178771', '#E64392', '#7E6F1D', '#4C2A82', '#2D95D3', '#633416'],
  },
}

export const COLOUR_COUNT = 8
/** Colour × dash combinations that can be told apart; further series repeat them. */
export const SLOT_COUNT = COLOUR_COUNT * 3

const SOLID: readonly number[] = []
const DASHED: readonly number[] = [6, 4]
const DOTTED: readonly number[] = [2, 3]

/** Slots of series that are a status; beyond those that follow from a key. */
export const STATUS_SLOTS = { critical: SLOT_COUNT, warning: SLOT_COUNT + 1, ok: SLOT_COUNT + 2 } as const
/** Those that stand beside a status without being taken for it. */
export const PLAIN_SLOTS: readonly number[] = [0, 2, 6, 5]

export function slotColour(theme: ChartTheme, slot: number): string {
  if (slot === STATUS_SLOTS.critical) return theme.critical
  if (slot === STATUS_SLOTS.warning) return theme.warning
  return slot === STATUS_SLOTS.ok ? theme.ok : (theme.series[slot % COLOUR_COUNT] as string)
}

/** How the line of a slot is drawn. */
export function slotLine(slot: number): 'solid' | 'dashed' | 'dotted' {
  const turn = Math.floor(slot / COLOUR_COUNT) % 3
  return turn === 0 ? 'solid' : turn === 1 ? 'dashed' : 'dotted'
}

/** Dash pattern in CSS pixels; empty means solid. */
export function slotDash(slot: number): readonly number[] {
  return { solid: SOLID, dashed: DASHED, dotted: DOTTED }[slotLine(slot)]
}

/**
 * Gives every series of a panel a slot. The slot follows from the key alone (FNV-1a), so it survives
 * reload, filtering and other panels; of two keys that want one slot, the smaller hash keeps it and
 * the other takes the next free one.
 * @param keys one per series, unique (`labelsKey`)
 * @returns slots in the order of `keys`, 0 … SLOT_COUNT − 1
 */
export function assignSlots(keys: readonly string[]): number[] {
  const hashes = keys.map(fnv1a)
  const order = keys.map((_, i) => i)
  order.sort((a, b) => (hashes[a] as number) - (hashes[b] as number) || (keys[a] as string).localeCompare(keys[b]!))
  const slots = new Array<number>(keys.length).fill(0)
  const taken = new Set<number>()
  for (const i of order) {
    if (taken.size === SLOT_COUNT) taken.clear()
    const turn = Math.floor(taken.size / COLOUR_COUNT) * COLOUR_COUNT
    let colour = (hashes[i] as number) % COLOUR_COUNT
    while (taken.has(turn + colour)) colour = (colour + 1) % COLOUR_COUNT
    slots[i] = turn + colour
    taken.add(turn + colour)
  }
  return slots
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  // The low bits of FNV-1a follow the last character closely; fold the high ones in.
  return (hash ^ (hash >>> 15)) >>> 0
}
