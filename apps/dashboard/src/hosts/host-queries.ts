import { literal } from '../dashboards/fill.ts'
import { quoted, spanText } from '../services/service-queries.ts'

/**
 * The questions of the host screens, in PromQL: by the names of node_exporter, where `instance` names a host, and by those
 * of OpenTelemetry's host receiver, where `host_name` does.
 */
export const HOST_FIGURES = ['cpu', 'memory', 'disk', 'load', 'received', 'sent', 'cores', 'uptime'] as const
export type HostFigure = (typeof HOST_FIGURES)[number]

/** A regular expression of these texts, as a PromQL string. */
function anyOf(texts: readonly string[]): string {
  return quoted(texts.map(literal).join('|'))
}

/** `host_name` under the name that all rows have. */
function asInstance(query: string): string {
  return `label_replace(${query}, "instance", "$1", "host_name", "(.+)")`
}

/** Each figure twice: node_exporter's way, then OpenTelemetry's. @param w the window of rates */
function pairs(node: string, otel: string, w: string): Readonly<Record<HostFigure, readonly [string, string]>> {
  const idle = (metric: string, label: string) => `rate(${metric}${label}[${w}])`
  const part = (total: string, of: string) => `sum by (host_name) (${total}) / sum by (host_name) (${of})`
  const usage = (state: string) => `system_memory_usage_bytes${state}`
  const network = (direction: string) =>
    `sum by (host_name) (rate(system_network_io_bytes_total${withMore(otel, `direction="${direction}"`)}[${w}]))`
  const nodeNetwork = (metric: string) => `sum by (instance) (rate(${metric}${withMore(node, 'device!="lo"')}[${w}]))`
  const fileSystem = 'sum by (host_name, mountpoint)'
  return {
    cpu: [
      `1 - avg by (instance) (${idle('node_cpu_seconds_total', withMore(node, 'mode="idle"'))})`,
      `1 - avg by (host_name) (${idle('system_cpu_time_seconds_total', withMore(otel, 'state="idle"'))})`,
    ],
    memory: [
      `1 - sum by (instance) (node_memory_MemAvailable_bytes${node}) / sum by (instance) (node_memory_MemTotal_bytes${node})`,
      part(usage(withMore(otel, 'state="used"')), usage(otel)),
    ],
    disk: [
      `max by (instance) (1 - node_filesystem_avail_bytes${node} / (node_filesystem_size_bytes${node} > 0))`,
      `max by (host_name) (${fileSystem} (system_filesystem_usage_bytes${withMore(otel, 'state="used"')}) / ${fileSystem} (system_filesystem_usage_bytes${otel}))`,
    ],
    load: [`max by (instance) (node_load1${node})`, `max by (host_name) (system_cpu_load_average_1m${otel})`],
    received: [nodeNetwork('node_network_receive_bytes_total'), network('receive')],
    sent: [nodeNetwork('node_network_transmit_bytes_total'), network('transmit')],
    cores: [
      `count by (instance) (node_cpu_seconds_total${withMore(node, 'mode="idle"')})`,
      `count by (host_name) (system_cpu_time_seconds_total${withMore(otel, 'state="idle"')})`,
    ],
    uptime: [
      `max by (instance) (node_time_seconds${node} - node_boot_time_seconds${node})`,
      `max by (host_name) (system_uptime_seconds${otel})`,
    ],
  }
}

function withMore(selector: string, matcher: string): string {
  return selector === '{}' ? `{${matcher}}` : selector.replace('}', `,${matcher}}`)
}

/** Figures of every host, or of one under its names, in one question, so that all are of one moment. */
export function hostFiguresQuery(windowMs: number, names?: readonly string[]): string {
  const selector = (label: string) => (names === undefined ? '{}' : `{${label}=~${anyOf(names)}}`)
  const all = pairs(selector('instance'), selector('host_name'), spanText(windowMs))
  return HOST_FIGURES.map((figure) => {
    const [node, otel] = all[figure]
    return `label_replace(${node} or ${asInstance(otel)}, "figure", "${figure}", "", "")`
  }).join(' or ')
}

/** How much of its processor every host used. */
export function hostTrendQuery(windowMs: number): string {
  const [node, otel] = pairs('{}', '{}', spanText(windowMs)).cpu
  return `${node} or ${asInstance(otel)}`
}

/** What hosts say of themselves. */
export const HOST_FACTS_QUERY = 'node_uname_info'

const PROCESS_LABELS = 'job, instance, service_name, service_namespace, process_executable_name, process_pid'

/** Figures of processes, by the names of Prometheus' clients and of OpenTelemetry. */
export const PROCESS_FIGURES = ['cpu', 'memory', 'threads', 'files'] as const
export type ProcessFigure = (typeof PROCESS_FIGURES)[number]

const PROCESS_METRICS: Readonly<Record<ProcessFigure, string>> = {
  cpu: 'process_cpu_seconds_total|process_cpu_time_seconds_total',
  memory: 'process_resident_memory_bytes|process_memory_usage_bytes',
  threads: 'process_threads|process_thread_count',
  files: 'process_open_fds|process_open_file_descriptor_count',
}

/**
 * Figures of the processes of a host: of those whose series name it, and of those whose resource does (`target_info`).
 * @param names under which the host is known
 */
export function processesQuery(names: readonly string[], windowMs: number): string {
  const host = anyOf(names)
  const withPort = quoted(`(${names.map(literal).join('|')})(:[0-9]+)?`)
  const known = `on (job, instance) group_left () group by (job, instance) (target_info{host_name=~${host}})`
  return PROCESS_FIGURES.map((figure) => {
    const select = (matcher: string) => {
      const series = `{__name__=~"${PROCESS_METRICS[figure]}"${matcher}}`
      return figure === 'cpu' ? `rate(${series}[${spanText(windowMs)}])` : series
    }
    const by = (query: string) => `sum by (${PROCESS_LABELS}) (${query})`
    const found = [
      by(select(`,instance=~${withPort}`)),
      by(select(`,host_name=~${host}`)),
      `${by(select(''))} * ${known}`,
    ]
    return `label_replace(${found.join(' or ')}, "figure", "${figure}", "", "")`
  }).join(' or ')
}

/** Spans of a host, in TraceQL. */
export function hostSpans(names: readonly string[]): string {
  return `{ resource.host.name =~ ${anyOf(names)} }`
}

/** Log lines of a host, in LogQL. */
export function hostLines(names: readonly string[]): string {
  return `{service_name=~".+"} | host_name=~${anyOf(names)}`
}
