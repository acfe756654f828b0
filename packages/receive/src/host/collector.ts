import type { Clock } from '@vantage/model'
import { parseDiskstats, parseNetDev } from './devices.ts'
import { type Mount, parseMounts, spaceSamples } from './file-systems.ts'
import type { HostSample } from './host-sample.ts'
import { memorySamples, PRESSURE_RESOURCES, parseMeminfo, parsePressure, parseVmstat } from './memory.ts'
import { bootSamples, loadSamples, parseFileNr, parseLoadavg, timeSamples, unameSamples } from './single-figures.ts'
import { type HostSources, systemSources } from './sources.ts'
import { cpuSamples, parseStat } from './stat.ts'

/** A system without `/proc/self/mounts` has one place that surely exists. */
const ROOT: Mount = { device: 'root', mountPoint: '/', type: 'unknown', isReadOnly: false }

/** How long a collection waits for a file system; a hung one (network) is left out until it answers. */
const SPACE_WAIT_MS = 200

/**
 * Reads the host's figures under node_exporter's names. Absent files simply give no rows; without `/proc`
 * (macOS) CPU, memory and load come from the `os` module.
 */
export class HostCollector {
  readonly #sources: HostSources
  readonly #clock: Clock
  /** Mount points whose last `statfs` has not come back: asking again would take another thread of the pool. */
  readonly #hung = new Set<string>()

  constructor(clock: Clock, sources: HostSources = systemSources) {
    this.#clock = clock
    this.#sources = sources
  }

  /** Figures of the whole machine (`node_*`), each series once. */
  async collect(): Promise<HostSample[]> {
    const parts = await Promise.all([
      this.#file('/proc/stat', parseStat, () => this.#withoutStat()),
      this.#file('/proc/meminfo', parseMeminfo, () => this.#withoutMeminfo()),
      this.#file('/proc/loadavg', parseLoadavg, () => loadSamples(this.#sources.loads())),
      this.#file('/proc/diskstats', parseDiskstats),
      this.#file('/proc/net/dev', parseNetDev),
      this.#file('/proc/vmstat', parseVmstat),
      this.#file('/proc/sys/fs/file-nr', parseFileNr),
      ...PRESSURE_RESOURCES.map((resource) =>
        this.#file(`/proc/pressure/${resource}`, (text) => parsePressure(resource, text)),
      ),
      this.#spaces(),
    ])
    return [...parts.flat(), ...timeSamples(this.#clock.nowMs()), ...unameSamples(this.#sources.names())]
  }

  async #file(path: string, parse: (text: string) => HostSample[], absent: () => HostSample[] = () => []) {
    const text = await this.#sources.readText(path)
    return text === undefined ? absent() : parse(text)
  }

  #withoutStat(): HostSample[] {
    const boot = bootSamples(this.#clock.nowMs(), this.#sources.uptimeSeconds())
    return [...cpuSamples(this.#sources.cpus()), ...boot]
  }

  #withoutMeminfo(): HostSample[] {
    const { totalBytes, freeBytes } = this.#sources.memory()
    return memorySamples(totalBytes, freeBytes)
  }

  async #spaces(): Promise<HostSample[]> {
    const text = await this.#sources.readText('/proc/self/mounts')
    const mounts = text === undefined ? [ROOT] : parseMounts(text)
    return (await Promise.all(mounts.map((mount) => this.#space(mount)))).flat()
  }

  async #space(mount: Mount): Promise<HostSample[]> {
    const { mountPoint } = mount
    if (this.#hung.has(mountPoint)) return []
    this.#hung.add(mountPoint)
    const asking = this.#sources.space(mountPoint).finally(() => this.#hung.delete(mountPoint))
    const space = await within(asking, SPACE_WAIT_MS)
    // A size of 0 is a pseudo file system that the lists do not know yet.
    return space === undefined || space.blocks === 0 ? [] : spaceSamples(mount, space)
  }
}

/** The value, or undefined where it does not come in time. */
function within<T>(promise: Promise<T>, waitMs: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), waitMs)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
