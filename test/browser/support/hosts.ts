import type { TestServer } from '../../support/server.ts'
import { HOSTILE, post } from './dashboard.ts'

const STEP_MS = 15_000
const SPAN_MS = 240_000
/** Beyond now, while tests look at it. */
const AHEAD_MS = 240_000

/** A host of node_exporter that calls itself alpha, whose disk is nearly full, and one of OpenTelemetry, beta. */
export const ALPHA = '10.0.0.5:9100'

/** Figures of two hosts over some minutes, a process, a service and a line of alpha. */
export async function sendHosts(server: TestServer): Promise<void> {
  const nowMs = Date.now()
  const lines: string[] = []
  for (let atMs = nowMs - SPAN_MS; atMs <= nowMs + AHEAD_MS; atMs += STEP_MS) {
    const seconds = (atMs - nowMs + SPAN_MS) / 1000
    lines.push(
      ...alphaLines(seconds).map((line) => `${line} ${atMs}`),
      ...betaLines(seconds).map((line) => `${line} ${atMs}`),
    )
  }
  const answer = await fetch(`${server.url}/api/v1/import/prometheus`, {
    method: 'POST',
    body: `${lines.join('\n')}\n`,
  })
  if (!answer.ok) throw new Error(`the server refused the hosts: ${answer.status} ${await answer.text()}`)
  await sendRows(server, nowMs)
}

function alphaLines(seconds: number): string[] {
  const at = `instance="${ALPHA}",job="node"`
  const mount = (path: string) => `${at},mountpoint=${JSON.stringify(path)}`
  return [
    `node_cpu_seconds_total{${at},cpu="0",mode="idle"} ${seconds * 0.7}`,
    `node_cpu_seconds_total{${at},cpu="0",mode="user"} ${seconds * 0.3}`,
    `node_memory_MemTotal_bytes{${at}} 8589934592`,
    `node_memory_MemAvailable_bytes{${at}} 4294967296`,
    `node_filesystem_size_bytes{${mount('/')}} 1000`,
    `node_filesystem_avail_bytes{${mount('/')}} 80`,
    `node_filesystem_size_bytes{${mount(HOSTILE)}} 1000`,
    `node_filesystem_avail_bytes{${mount(HOSTILE)}} 700`,
    `node_load1{${at}} 0.4`,
    `node_network_receive_bytes_total{${at},device="eth0"} ${seconds * 2048}`,
    `node_network_transmit_bytes_total{${at},device="eth0"} ${seconds * 3072}`,
    `node_uname_info{${at},sysname="Linux",release="6.1.0-13-amd64",machine="x86_64",nodename="alpha"} 1`,
    `process_cpu_seconds_total{instance="alpha:9464",job="ledger",service_name="ledger"} ${seconds * 0.2}`,
    `process_resident_memory_bytes{instance="alpha:9464",job="ledger",service_name="ledger"} 104857600`,
  ]
}

function betaLines(seconds: number): string[] {
  return [
    `system_cpu_time_seconds_total{host_name="beta",cpu="cpu0",state="idle"} ${seconds * 0.1}`,
    `system_cpu_time_seconds_total{host_name="beta",cpu="cpu0",state="user"} ${seconds * 0.9}`,
    `system_memory_usage_bytes{host_name="beta",state="used"} 750`,
    `system_memory_usage_bytes{host_name="beta",state="free"} 250`,
    `system_filesystem_usage_bytes{host_name="beta",mountpoint="/",state="used"} 10`,
    `system_filesystem_usage_bytes{host_name="beta",mountpoint="/",state="free"} 90`,
    `system_network_io_bytes_total{host_name="beta",direction="receive"} ${seconds * 512}`,
    `system_cpu_load_average_1m{host_name="beta"} 1.5`,
  ]
}

async function sendRows(server: TestServer, nowMs: number): Promise<void> {
  const text = (key: string, value: string) => ({ key, value: { stringValue: value } })
  const resource = { attributes: [text('service.name', 'ledger'), text('host.name', 'alpha')] }
  const spans = Array.from({ length: 5 }, (_, i) => ({
    traceId: (0xa1fa0 + i).toString(16).padStart(32, '0'),
    spanId: (0xa1fa0 + i).toString(16).padStart(16, '0'),
    name: 'POST /book',
    kind: 2,
    startTimeUnixNano: `${nowMs - 20_000 + i * 100}000000`,
    endTimeUnixNano: `${nowMs - 19_970 + i * 100}000000`,
    status: i === 0 ? { code: 2 } : {},
  }))
  const line = (ago: number, body: string) => ({ timeUnixNano: `${nowMs - ago}000000`, body: { stringValue: body } })
  const logRecords = [line(15_000, 'the ledger is open'), line(14_000, HOSTILE)]
  await post(server, '/v1/traces', { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] })
  await post(server, '/v1/logs', { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] })
}
