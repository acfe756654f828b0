import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { LogRows } from './load/log-rows.ts'
import { RecordFeed } from './load/record-feed.ts'
import { recordShape } from './load/row-parts.ts'
import { SpanRows } from './load/span-rows.ts'
import { cpuSeconds, peakResidentBytes, untilIdle } from './peers/process-stats.ts'

const signal = process.argv[2] ?? 'logs',
  seconds = Number(process.argv[3] ?? 10),
  prof = process.argv[4] === 'prof'
const shape = recordShape(signal === 'logs' ? new LogRows('wide') : new SpanRows('wide'), 64)
const dir = mkdtempSync('/tmp/h3prof-')
const port = 19000 + Math.floor(Math.random() * 500)
const child = spawn(
  process.execPath,
  [
    ...(prof ? ['--cpu-prof', '--cpu-prof-dir=/tmp/prof'] : []),
    '--initial-heap-size=256',
    '/tmp/h3-server/server.mjs',
    '--data',
    dir + '/data',
    '--listen',
    `127.0.0.1:${port + 600}`,
  ],
  {
    env: {
      ...process.env,
      MALLOC_ARENA_MAX: '2',
      MALLOC_TRIM_THRESHOLD_: '65536',
      VANTAGE_OTLP_GRPC_PORT: String(port),
      VANTAGE_OTLP_HTTP_PORT: '0',
      VANTAGE_STREAM_PORT: '0',
    },
    stdio: 'ignore',
  },
)
for (;;) {
  try {
    if ((await fetch(`http://127.0.0.1:${port + 600}/-/ready`)).ok) break
  } catch {}
  await new Promise((r) => setTimeout(r, 100))
}
const feed = new RecordFeed(
  `127.0.0.1:${port}`,
  signal === 'logs'
    ? '/opentelemetry.proto.collector.logs.v1.LogsService/Export'
    : '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  shape.templates,
)
const send = (s: number) => {
  const until = performance.now() + s * 1000
  return feed.send({
    startNs: () => BigInt(Date.now()) * 1_000_000n,
    stepNs: 1000,
    goesOn: () => performance.now() < until,
  })
}
await send(3)
function threads(pid: number) {
  const out = new Map<string, number>()
  for (const t of readdirSync(`/proc/${pid}/task`)) {
    const st = readFileSync(`/proc/${pid}/task/${t}/stat`, 'utf8')
    const f = st.slice(st.lastIndexOf(')') + 2).split(' ')
    out.set(t + ' ' + st.slice(st.indexOf('(') + 1, st.lastIndexOf(')')), (Number(f[11]) + Number(f[12])) / 100)
  }
  return out
}
await untilIdle(child.pid!)
const t0 = threads(child.pid!)
const own = process.cpuUsage()
const before = cpuSeconds(child.pid!)
const r = await send(seconds)
const mid = cpuSeconds(child.pid!)
const own2 = process.cpuUsage(own)
await new Promise((r) => setTimeout(r, 3000))
const cpu = cpuSeconds(child.pid!) - before
const { percentile } = await import('./statistics.ts')
console.log(
  signal,
  'rows',
  r.rows,
  'k/s',
  (r.rows / r.seconds / 1e3).toFixed(0),
  'cpu s/M',
  ((cpu / r.rows) * 1e6).toFixed(2),
  'tail',
  (cpu - (mid - before)).toFixed(2),
  'p50',
  percentile(r.latenciesMs, 0.5).toFixed(0),
  'p99',
  percentile(r.latenciesMs, 0.99).toFixed(0),
  'rssMax',
  (peakResidentBytes(child.pid!) / 2 ** 20).toFixed(0),
  'gen s/M',
  ((own2.user + own2.system) / r.rows).toFixed(2),
)
for (const [k, v] of threads(child.pid!))
  if (v - (t0.get(k) ?? 0) > 0.1) console.log('   ', k, (((v - (t0.get(k) ?? 0)) / r.rows) * 1e6).toFixed(2), 's/M')
feed.close()
child.kill('SIGTERM')
await new Promise((r) => child.once('exit', r))
rmSync(dir, { recursive: true, force: true })
