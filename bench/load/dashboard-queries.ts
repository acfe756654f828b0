import { Agent, request } from 'node:http'

/** A range query of a dashboard, up to the end of its data. */
export interface DashboardQuery {
  readonly name: string
  readonly query: string
  readonly hours: number
  readonly stepSeconds: number
}

const HOUR_SECONDS = 3_600
const CPU = 'node_cpu_seconds_total'
const BUCKETS = 'request_duration_seconds_bucket'
const HOST = 'host-3.eu-west-1.example:9100'

/** Fixed before any tuning. */
export const DASHBOARD_QUERIES: readonly DashboardQuery[] = [
  { name: 'Q1', query: `node_memory_area_1_bytes{instance="${HOST}"}`, hours: 1, stepSeconds: 15 },
  {
    name: 'Q2',
    query: `rate(node_network_receive_bytes_total{instance="${HOST}",device="eth0"}[5m])`,
    hours: 6,
    stepSeconds: 60,
  },
  { name: 'Q3', query: 'avg_over_time(node_network_receive_bytes_total[5m])', hours: 6, stepSeconds: 60 },
  { name: 'Q4', query: 'avg(node_network_receive_bytes_total)', hours: 6, stepSeconds: 60 },
  { name: 'Q5', query: `sum by (mode) (rate(${CPU}[5m]))`, hours: 6, stepSeconds: 60 },
  { name: 'Q6', query: `topk(5, rate(${CPU}[5m]))`, hours: 6, stepSeconds: 60 },
  {
    name: 'Q7',
    query: `histogram_quantile(0.99, sum by (le) (rate(${BUCKETS}[5m])))`,
    hours: 6,
    stepSeconds: 60,
  },
  {
    name: 'Q8',
    query: `histogram_quantile(0.99, sum by (handler, le) (rate(${BUCKETS}[5m])))`,
    hours: 6,
    stepSeconds: 60,
  },
  { name: 'Q9', query: `sum by (instance) (rate(${CPU}{mode!="idle"}[5m]))`, hours: 6, stepSeconds: 60 },
  { name: 'Q10', query: 'node_memory_area_1_bytes / node_memory_area_2_bytes', hours: 6, stepSeconds: 60 },
  {
    name: 'Q11',
    query: 'max by (device) (node_disk_read_bytes_total{device=~"sd[0-3]"})',
    hours: 18,
    stepSeconds: 180,
  },
  { name: 'Q12', query: 'sum(rate(orders_total[1h]))', hours: 720, stepSeconds: HOUR_SECONDS },
]

/** One keep-alive connection that reads answers and does not parse them. */
export class QueryClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #url: URL

  constructor(url: string) {
    this.#url = new URL(`${url}/api/v1/query_range`)
  }

  close(): void {
    this.#agent.destroy()
  }

  /**
   * @param isFresh false lets the peer use what it has kept of earlier answers
   * @returns ms to the last byte of the answer
   */
  ask({ query: text, hours, stepSeconds }: DashboardQuery, endMs: number, isFresh = true): Promise<number> {
    const end = Math.floor(endMs / 1000 / stepSeconds) * stepSeconds
    const start = end - hours * HOUR_SECONDS
    const body = new URLSearchParams({
      query: text,
      start: String(start),
      end: String(end),
      step: String(stepSeconds),
      ...(isFresh ? { nocache: '1' } : {}),
    }).toString()
    const startMs = performance.now()
    return new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(Buffer.byteLength(body)),
      }
      const sent = request(this.#url, { method: 'POST', agent: this.#agent, headers }, (answer) => {
        let length = 0
        let head = ''
        answer.on('data', (chunk: Buffer) => {
          if (head.length < 200) head += chunk.toString('latin1', 0, 200)
          length += chunk.length
        })
        answer.on('end', () => {
          const isGood = answer.statusCode === 200 && length > 100 && !head.includes('"result":[]')
          if (isGood) resolve(performance.now() - startMs)
          else reject(new Error(`${this.#url.origin}: ${text}: ${answer.statusCode} ${head}`))
        })
        answer.on('error', reject)
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }
}
