import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import type { Registry } from '@vantage/observe'

/** 0 normal · 1 above soft: intake is refused · 2 above hard: queries too. */
export type PressureLevel = 0 | 1 | 2

const SAMPLE_MS = 250
/** A level is left only this many percent of the limit below its threshold. */
const HYSTERESIS_PERCENT = 5

const CGROUP_FILES = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']

/** What this process may use: the cgroup's limit where there is one, else the machine's memory. */
export function memoryLimitBytes(readText: (path: string) => string | undefined = readOptional): number {
  const machine = totalmem()
  for (const path of CGROUP_FILES) {
    const limit = Number(readText(path)?.trim())
    if (Number.isFinite(limit) && limit > 0) return Math.min(limit, machine)
  }
  return machine
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return undefined
  }
}

/** The level after one more look at the memory. */
export function nextPressure(
  level: PressureLevel,
  usedPercent: number,
  softPercent: number,
  hardPercent: number,
): PressureLevel {
  if (usedPercent >= hardPercent) return 2
  if (level === 2 && usedPercent >= hardPercent - HYSTERESIS_PERCENT) return 2
  if (usedPercent >= softPercent) return 1
  if (level >= 1 && usedPercent >= softPercent - HYSTERESIS_PERCENT) return 1
  return 0
}

/** Watches the process's memory. */
export class PressureGauge {
  level: PressureLevel = 0
  readonly #timer: NodeJS.Timeout

  constructor(
    limits: { softPercent: number; hardPercent: number },
    registry: Registry,
    limitBytes = memoryLimitBytes(),
  ) {
    registry.computed(
      'vantage_pressure_level',
      'Memory: 0 normal, 1 above soft, 2 above hard.',
      'gauge',
      () => this.level,
    )
    this.#timer = setInterval(() => {
      const usedPercent = (process.memoryUsage.rss() / limitBytes) * 100
      this.level = nextPressure(this.level, usedPercent, limits.softPercent, limits.hardPercent)
    }, SAMPLE_MS)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
