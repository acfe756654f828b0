import { addSample, counter, DEVICES_MAX, type Figure, gauge, type HostSample, words } from './host-sample.ts'

/** Partitions and memory-backed disks; node_exporter's own default. */
const DISK_EXCLUDED = /^(?:z?ram|loop|fd|(?:h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$/
const SECTOR_BYTES = 512
const MS = 1 / 1_000

/** Columns of `/proc/diskstats` after the name: figure and factor. Source: kernel.org "I/O statistics fields". */
const DISK_COLUMNS: readonly (readonly [figure: Figure, factor: number])[] = [
  [counter('node_disk_reads_completed_total', 'The total number of reads completed successfully.'), 1],
  [counter('node_disk_reads_merged_total', 'The total number of reads merged.'), 1],
  [counter('node_disk_read_bytes_total', 'The total number of bytes read successfully.'), SECTOR_BYTES],
  [counter('node_disk_read_time_seconds_total', 'The total number of seconds spent by all reads.'), MS],
  [counter('node_disk_writes_completed_total', 'The total number of writes completed successfully.'), 1],
  [counter('node_disk_writes_merged_total', 'The number of writes merged.'), 1],
  [counter('node_disk_written_bytes_total', 'The total number of bytes written successfully.'), SECTOR_BYTES],
  [counter('node_disk_write_time_seconds_total', 'The total number of seconds spent by all writes.'), MS],
  [gauge('node_disk_io_now', 'The number of I/Os currently in progress.'), 1],
  [counter('node_disk_io_time_seconds_total', 'Total seconds spent doing I/Os.'), MS],
  [counter('node_disk_io_time_weighted_seconds_total', 'The weighted number of seconds spent doing I/Os.'), MS],
  [counter('node_disk_discards_completed_total', 'The total number of discards completed successfully.'), 1],
  [counter('node_disk_discards_merged_total', 'The total number of discards merged.'), 1],
  [counter('node_disk_discarded_sectors_total', 'The total number of sectors discarded successfully.'), 1],
  [counter('node_disk_discard_time_seconds_total', 'The total number of seconds spent by all discards.'), MS],
  [counter('node_disk_flush_requests_total', 'The total number of flush requests completed successfully.'), 1],
  [counter('node_disk_flush_requests_time_seconds_total', 'The total number of seconds spent by flush requests.'), MS],
]
const DISK_NAME_COLUMN = 2

/** `/proc/diskstats`; older kernels have fewer columns. */
export function parseDiskstats(text: string): HostSample[] {
  const out: HostSample[] = []
  let disks = 0
  for (const line of text.split('\n')) {
    const fields = words(line)
    const device = fields[DISK_NAME_COLUMN]
    if (device === undefined || DISK_EXCLUDED.test(device)) continue
    if (disks++ >= DEVICES_MAX) break
    DISK_COLUMNS.forEach(([figure, factor], i) => {
      addSample(out, figure, Number(fields[DISK_NAME_COLUMN + 1 + i]) * factor, { device })
    })
  }
  return out
}

/** `/proc/net/dev`: names of the columns come from its second line. */
export function parseNetDev(text: string): HostSample[] {
  const [, header = '', ...lines] = text.split('\n')
  const [, receive = '', transmit = ''] = header.split('|')
  const columns = [
    ...words(receive).map((name) => netFigure('receive', name)),
    ...words(transmit).map((name) => netFigure('transmit', name)),
  ]
  const out: HostSample[] = []
  for (const line of lines.slice(0, DEVICES_MAX)) {
    // An alias has a colon in its name: the last one ends it.
    const colon = line.lastIndexOf(':')
    if (colon < 0) continue
    const device = line.slice(0, colon).trim()
    const values = words(line.slice(colon + 1))
    columns.forEach((figure, i) => {
      addSample(out, figure, Number(values[i]), { device })
    })
  }
  return out
}

function netFigure(direction: 'receive' | 'transmit', column: string): Figure {
  return counter(`node_network_${direction}_${column}_total`, `Network device statistic ${direction}_${column}.`)
}
