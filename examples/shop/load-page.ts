import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LoadRun } from './load-run.ts'

/** `GET /`: the page. `GET /stats`: its figures. `POST /swarm?users=&spawn_rate=`: other users. `POST /stop`. */
export function loadPage(run: LoadRun, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://load')
  const isPost = request.method === 'POST'
  if (url.pathname === '/stats') {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ users: run.users, tasks: run.figures() }))
  } else if (url.pathname === '/swarm' && isPost) {
    run.start(Number(url.searchParams.get('users') ?? 10), Number(url.searchParams.get('spawn_rate') ?? 1))
    response.writeHead(204).end()
  } else if (url.pathname === '/stop' && isPost) {
    run.stop()
    response.writeHead(204).end()
  } else if (url.pathname === '/') response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE)
  else response.writeHead(404).end()
}

const PAGE = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Load of the demo shop</title>
<style>
body{font:14px/1.5 system-ui,sans-serif;margin:2rem;max-width:60rem}
table{border-collapse:collapse;width:100%}td,th{text-align:right;padding:.25rem .5rem;border-bottom:1px solid #8884}
td:first-child,th:first-child{text-align:left}label{margin-right:1rem}input{width:5rem}
@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}}
</style>
<h1>Load of the demo shop</h1>
<form id="swarm"><label>Users <input name="users" type="number" min="0" max="1000" value="12"></label>
<label>Spawn rate, users/s <input name="spawn_rate" type="number" min="0.1" step="0.1" value="2"></label>
<button>Set</button> <button type="button" id="stop">Stop</button> <span id="users"></span></form>
<table><thead><tr><th>Task<th>Requests<th>Failures<th>p50 ms<th>p95 ms<th>p99 ms<th>req/s</tr></thead><tbody id="rows"></tbody></table>
<script>
const rows = document.getElementById('rows')
async function show() {
  const { users, tasks } = await (await fetch('/stats')).json()
  document.getElementById('users').textContent = users + ' users'
  rows.replaceChildren(...tasks.map((task) => {
    const row = document.createElement('tr')
    const cells = [task.name, task.requests, task.failures, ...[task.medianMs, task.p95Ms, task.p99Ms].map((ms) => ms.toFixed(0)), task.requestsPerSecond.toFixed(1)]
    row.append(...cells.map((text) => Object.assign(document.createElement('td'), { textContent: text })))
    return row
  }))
}
document.getElementById('swarm').onsubmit = (event) => {
  event.preventDefault()
  fetch('/swarm?' + new URLSearchParams(new FormData(event.target)), { method: 'POST' })
}
document.getElementById('stop').onclick = () => fetch('/stop', { method: 'POST' })
setInterval(show, 1000)
show()
</script></html>
`
