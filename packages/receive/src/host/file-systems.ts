import { addSample, DEVICES_MAX, gauge, type HostSample } from './host-sample.ts'

/** Kinds and places that hold no files of anyone; node_exporter's own defaults. */
const TYPES_EXCLUDED =
  /^(?:autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs|erofs)$/
const PLACES_EXCLUDED =
  /^\/(?:dev|proc|run\/credentials\/.+|sys|var\/lib\/docker\/.+|var\/lib\/containers\/storage\/.+)(?:$|\/)/

const SIZE = gauge('node_filesystem_size_bytes', 'Filesystem size in bytes.')
const FREE = gauge('node_filesystem_free_bytes', 'Filesystem free space in bytes.')
const AVAILABLE = gauge('node_filesystem_avail_bytes', 'Filesystem space available to non-root users in bytes.')
const FILES = gauge('node_filesystem_files', 'Filesystem total file nodes.')
const FILES_FREE = gauge('node_filesystem_files_free', 'Filesystem total free file nodes.')
const READ_ONLY = gauge('node_filesystem_readonly', 'Filesystem read-only status.')

export interface Mount {
  readonly device: string
  readonly mountPoint: string
  readonly type: string
  readonly isReadOnly: boolean
}

/** `statfs(2)` as Node gives it. */
export interface FileSystemSpace {
  readonly bsize: number
  readonly blocks: number
  readonly bfree: number
  readonly bavail: number
  readonly files: number
  readonly ffree: number
}

/** `/proc/self/mounts`, without the excluded ones; of several mounts on one place the last counts. */
export function parseMounts(text: string): Mount[] {
  const byPlace = new Map<string, Mount>()
  for (const line of text.split('\n')) {
    const [device, place, type, options] = line.split(' ')
    if (device === undefined || place === undefined || type === undefined || options === undefined) continue
    const mountPoint = unescaped(place)
    if (TYPES_EXCLUDED.test(type) || PLACES_EXCLUDED.test(mountPoint)) continue
    if (byPlace.size >= DEVICES_MAX && !byPlace.has(mountPoint)) continue
    byPlace.set(mountPoint, {
      device: unescaped(device),
      mountPoint,
      type,
      isReadOnly: options.split(',').includes('ro'),
    })
  }
  return [...byPlace.values()]
}

/** Blanks, tabs, line ends and backslashes are written in octal. Source: fstab(5). */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

export function spaceSamples(mount: Mount, space: FileSystemSpace): HostSample[] {
  const out: HostSample[] = []
  const labels = { device: mount.device, fstype: mount.type, mountpoint: mount.mountPoint }
  addSample(out, SIZE, space.blocks * space.bsize, labels)
  addSample(out, FREE, space.bfree * space.bsize, labels)
  addSample(out, AVAILABLE, space.bavail * space.bsize, labels)
  addSample(out, FILES, space.files, labels)
  addSample(out, FILES_FREE, space.ffree, labels)
  addSample(out, READ_ONLY, mount.isReadOnly ? 1 : 0, labels)
  return out
}
