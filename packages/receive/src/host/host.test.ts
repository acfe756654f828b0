import { systemClock } from '@vantage/model'
import { describe, expect, test } from 'vitest'
import { HostCollector } from './collector.ts'
import { parseDiskstats, parseNetDev } from './devices.ts'
import { parseMounts, spaceSamples } from './file-systems.ts'
import type { HostSample } from './host-sample.ts'
import { parseMeminfo, parsePressure, parseVmstat } from './memory.ts'
import { parseFileNr, parseLoadavg } from './single-figures.ts'
import { type HostSources, systemSources } from './sources.ts'
import { parseStat } from './stat.ts'

/** `type name{label="value"} value`, one line a sample. */
function lines(samples: readonly HostSample[]): string[] {
  return samples.map(({ name, labels, value, type }) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${text}"`)
    return `${type} ${name}{${pairs.join()}} ${value}`
  })
}

const STAT = `cpu  85003 175 30420 972490 1665 0 376 172 0 0
cpu0 39251 80 14641 490644 340 0 51 89 7 3
intr 1985477 0 0 14
ctxt 3888671
btime 1795224645
processes 25688
procs_running 4
procs_blocked 0
softirq 882550 0 114393
`
const STAT_LINES = [
  'counter node_cpu_seconds_total{cpu="0",mode="user"} 392.51',
  'counter node_cpu_seconds_total{cpu="0",mode="nice"} 0.8',
  'counter node_cpu_seconds_total{cpu="0",mode="system"} 146.41',
  'counter node_cpu_seconds_total{cpu="0",mode="idle"} 4906.44',
  'counter node_cpu_seconds_total{cpu="0",mode="iowait"} 3.4',
  'counter node_cpu_seconds_total{cpu="0",mode="irq"} 0',
  'counter node_cpu_seconds_total{cpu="0",mode="softirq"} 0.51',
  'counter node_cpu_seconds_total{cpu="0",mode="steal"} 0.89',
  'counter node_cpu_guest_seconds_total{cpu="0",mode="user"} 0.07',
  'counter node_cpu_guest_seconds_total{cpu="0",mode="nice"} 0.03',
  'counter node_intr_total{} 1985477',
  'counter node_context_switches_total{} 3888671',
  'gauge node_boot_time_seconds{} 1795224645',
  'counter node_forks_total{} 25688',
  'gauge node_procs_running{} 4',
  'gauge node_procs_blocked{} 0',
]

const MOUNTS = `proc /proc proc rw,relatime 0 0
/dev/vda / ext4 rw,relatime 0 0
tmpfs /dev/shm tmpfs rw 0 0
tmpfs /run tmpfs rw,nosuid 0 0
/dev/sdb1 /mnt/my\\040disk xfs ro,noatime 0 0
overlay /var/lib/docker/overlay2/x/merged overlay rw 0 0
/dev/vdc / ext4 rw 0 0
broken line
`

describe('parsers', () => {
  test.each<[string, HostSample[], string[]]>([
    ['stat', parseStat(STAT), STAT_LINES],
    [
      'stat of an old kernel',
      parseStat('cpu0 1 2\n'),
      STAT_LINES.slice(0, 2)
        .map((line) => line.replace(/[\d.]+$/, ''))
        .map((line, i) => `${line}${(i + 1) / 100}`),
    ],
    [
      'meminfo',
      parseMeminfo('MemTotal:       24684096 kB\nActive(anon):     12 kB\nHugePages_Total:       3\nbroken\n'),
      [
        'gauge node_memory_MemTotal_bytes{} 25276514304',
        'gauge node_memory_Active_anon_bytes{} 12288',
        'gauge node_memory_HugePages_Total{} 3',
      ],
    ],
    [
      'loadavg',
      parseLoadavg('2.55 1.24 0.68 5/113 25695\n'),
      ['gauge node_load1{} 2.55', 'gauge node_load5{} 1.24', 'gauge node_load15{} 0.68'],
    ],
    [
      'net/dev',
      parseNetDev(`Inter-|   Receive        |  Transmit
 face |bytes    packets errs|bytes    packets errs
    lo: 19404036   21513    0 19404036   21513    1
eth0:1:684 5 6 7 8 9
`),
      [
        'counter node_network_receive_bytes_total{device="lo"} 19404036',
        'counter node_network_receive_packets_total{device="lo"} 21513',
        'counter node_network_receive_errs_total{device="lo"} 0',
        'counter node_network_transmit_bytes_total{device="lo"} 19404036',
        'counter node_network_transmit_packets_total{device="lo"} 21513',
        'counter node_network_transmit_errs_total{device="lo"} 1',
        'counter node_network_receive_bytes_total{device="eth0:1"} 684',
        'counter node_network_receive_packets_total{device="eth0:1"} 5',
        'counter node_network_receive_errs_total{device="eth0:1"} 6',
        'counter node_network_transmit_bytes_total{device="eth0:1"} 7',
        'counter node_network_transmit_packets_total{device="eth0:1"} 8',
        'counter node_network_transmit_errs_total{device="eth0:1"} 9',
      ],
    ],
    [
      'diskstats of an old kernel, without partitions and loops',
      parseDiskstats(` 254       0 vda 10 1 8 2000 20 2 16 4000 3 5000 6000
 254       1 vda1 10 1 8 2000 20 2 16 4000 3 5000 6000
   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0
`),
      [
        'counter node_disk_reads_completed_total{device="vda"} 10',
        'counter node_disk_reads_merged_total{device="vda"} 1',
        'counter node_disk_read_bytes_total{device="vda"} 4096',
        'counter node_disk_read_time_seconds_total{device="vda"} 2',
        'counter node_disk_writes_completed_total{device="vda"} 20',
        'counter node_disk_writes_merged_total{device="vda"} 2',
        'counter node_disk_written_bytes_total{device="vda"} 8192',
        'counter node_disk_write_time_seconds_total{device="vda"} 4',
        'gauge node_disk_io_now{device="vda"} 3',
        'counter node_disk_io_time_seconds_total{device="vda"} 5',
        'counter node_disk_io_time_weighted_seconds_total{device="vda"} 6',
      ],
    ],
    [
      'vmstat',
      parseVmstat('nr_free_pages 1\npgfault 77\noom_kill 0\n'),
      ['unknown node_vmstat_pgfault{} 77', 'unknown node_vmstat_oom_kill{} 0'],
    ],
    [
      'file-nr',
      parseFileNr('497\t0\t2466183\n'),
      ['gauge node_filefd_allocated{} 497', 'gauge node_filefd_maximum{} 2466183'],
    ],
    [
      'pressure',
      parsePressure('io', 'some avg10=0.00 avg60=0.03 avg300=0.06 total=13906868\nfull avg10=0.00 total=11252080\n'),
      [
        'counter node_pressure_io_waiting_seconds_total{} 13.906868',
        'counter node_pressure_io_stalled_seconds_total{} 11.25208',
      ],
    ],
  ])('%s', (_name, samples, want) => {
    expect(lines(samples)).toEqual(want)
  })

  test('mounts: pseudo file systems out, octal read, the last of one place', () => {
    expect(parseMounts(MOUNTS)).toEqual([
      { device: '/dev/vdc', mountPoint: '/', type: 'ext4', isReadOnly: false },
      { device: 'tmpfs', mountPoint: '/run', type: 'tmpfs', isReadOnly: false },
      { device: '/dev/sdb1', mountPoint: '/mnt/my disk', type: 'xfs', isReadOnly: true },
    ])
  })

  test('space in bytes', () => {
    const mount = { device: '/dev/sdb1', mountPoint: '/mnt', type: 'xfs', isReadOnly: true }
    const space = { bsize: 4096, blocks: 100, bfree: 50, bavail: 40, files: 9, ffree: 8 }
    const labels = '{device="/dev/sdb1",fstype="xfs",mountpoint="/mnt"}'
    expect(lines(spaceSamples(mount, space))).toEqual([
      `gauge node_filesystem_size_bytes${labels} 409600`,
      `gauge node_filesystem_free_bytes${labels} 204800`,
      `gauge node_filesystem_avail_bytes${labels} 163840`,
      `gauge node_filesystem_files${labels} 9`,
      `gauge node_filesystem_files_free${labels} 8`,
      `gauge node_filesystem_readonly${labels} 1`,
    ])
  })

  test('no text of any kind throws or gives a figure that is no number', () => {
    for (const text of ['', '\n\n', 'a b c', 'cpu0 x y', 'x'.repeat(10_000), ': : :\n|||\n:', '\u0000\uffff']) {
      const all = [parseStat, parseMeminfo, parseLoadavg, parseNetDev, parseDiskstats, parseVmstat, parseFileNr]
      for (const parse of all) for (const { value } of parse(text)) expect(value).toBeTypeOf('number')
      parseMounts(text)
    }
  })
})

const CLOCK = { nowMs: () => 1_700_000_000_000, monotonicMs: () => 0 }
const SPACE = { bsize: 1, blocks: 10, bfree: 5, bavail: 4, files: 3, ffree: 2 }

/** A host without `/proc`, as macOS is. */
const BARE: HostSources = {
  readText: async () => undefined,
  space: async () => SPACE,
  cpus: () => [{ times: { user: 1_000, nice: 0, sys: 2_000, idle: 3_000, irq: 0 } }],
  memory: () => ({ totalBytes: 100, freeBytes: 30 }),
  loads: () => [1, 2, 3],
  uptimeSeconds: () => 1_000,
  names: () => ({ sysname: 'Darwin', release: '1', version: 'v', machine: 'arm64', nodename: 'mac' }),
}

describe('collector', () => {
  test('without /proc the os module stands in', async () => {
    const labels = '{device="root",fstype="unknown",mountpoint="/"}'
    expect(lines(await new HostCollector(CLOCK, BARE).collect())).toEqual([
      'counter node_cpu_seconds_total{cpu="0",mode="user"} 1',
      'counter node_cpu_seconds_total{cpu="0",mode="nice"} 0',
      'counter node_cpu_seconds_total{cpu="0",mode="system"} 2',
      'counter node_cpu_seconds_total{cpu="0",mode="idle"} 3',
      'counter node_cpu_seconds_total{cpu="0",mode="irq"} 0',
      'gauge node_boot_time_seconds{} 1699999000',
      'gauge node_memory_MemTotal_bytes{} 100',
      'gauge node_memory_MemFree_bytes{} 30',
      'gauge node_memory_MemAvailable_bytes{} 30',
      'gauge node_load1{} 1',
      'gauge node_load5{} 2',
      'gauge node_load15{} 3',
      `gauge node_filesystem_size_bytes${labels} 10`,
      `gauge node_filesystem_free_bytes${labels} 5`,
      `gauge node_filesystem_avail_bytes${labels} 4`,
      `gauge node_filesystem_files${labels} 3`,
      `gauge node_filesystem_files_free${labels} 2`,
      `gauge node_filesystem_readonly${labels} 0`,
      'gauge node_time_seconds{} 1700000000',
      'gauge node_uname_info{sysname="Darwin",release="1",version="v",machine="arm64",nodename="mac"} 1',
    ])
  })

  test('a hung file system is left out and asked once, until it answers', async () => {
    let asked = 0
    let answer: (() => void) | undefined
    const space = () => {
      asked++
      if (asked > 1) return Promise.resolve(SPACE)
      return new Promise<typeof SPACE>((resolve) => {
        answer = () => resolve(SPACE)
      })
    }
    const collector = new HostCollector(CLOCK, { ...BARE, space })
    const sizes = async () =>
      (await collector.collect()).filter(({ name }) => name === 'node_filesystem_size_bytes').length
    expect([await sizes(), await sizes(), asked]).toEqual([0, 0, 1])
    answer?.()
    await new Promise((wake) => setImmediate(wake))
    expect([await sizes(), asked]).toEqual([1, 2])
  })

  test('this very host gives each series once, with a type and a help', async () => {
    const collector = new HostCollector(systemClock, systemSources)
    const samples = await collector.collect()
    const names = samples.map(({ name, labels }) => `${name}${JSON.stringify(labels)}`)
    expect(new Set(names).size).toBe(names.length)
    expect(samples.every(({ help, type }) => help !== '' && type.length > 0)).toBe(true)
    for (const name of [
      'node_cpu_seconds_total',
      'node_memory_MemTotal_bytes',
      'node_load1',
      'node_boot_time_seconds',
      'node_filesystem_size_bytes',
    ]) {
      expect(
        samples.some((sample) => sample.name === name && sample.value > 0),
        name,
      ).toBe(true)
    }
  })
})
