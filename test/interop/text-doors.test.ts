import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pointText, rawPoints } from '../support/query.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** Lines of text over HTTP to the real server: what is answered with success is there, also after a kill. */

const ENV = { VANTAGE_SELF_ENABLED: 'false' }

let server: TestServer
beforeAll(async () => {
  server = await startServer({ env: ENV })
})
afterAll(async () => {
  await server.stop()
})

async function send(url: string, path: string, body: string, options: RequestInit = {}): Promise<[number, string]> {
  const answer = await fetch(`${url}${path}`, { method: 'POST', body, ...options })
  return [answer.status, (await answer.text()).trim()]
}

async function points(url: string, selector: string, atMs = Date.now() + 1_000): Promise<string[]> {
  return (await rawPoints(url, selector, atMs)).map(pointText).sort()
}

/** What an instant query sees: nothing of what has ended. */
async function alive(url: string, selector: string): Promise<string[]> {
  const answer = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: selector })}`)
  const { data } = (await answer.json()) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] }
  }
  return data.result
    .map(
      ({ metric, value }) => `${metric['__name__']} ${JSON.stringify({ ...metric, __name__: undefined })} ${value[1]}`,
    )
    .filter((text) => !text.startsWith('push_'))
    .sort()
}

describe('import of Prometheus text', () => {
  const timeMs = Date.now() - 5_000

  test('times, labels, exemplars, metadata; the bad line is named, the good ones are stored', async () => {
    const text = `# HELP imp_total Imported.\n# TYPE imp_total counter\nimp_total{a="b"} 1 ${timeMs}\nbad line\nimp_total{a="c"} 2 ${timeMs}\n`
    const [status, message] = await send(server.url, '/api/v1/import/prometheus', text)
    expect([status, message]).toEqual([400, expect.stringContaining('line 4: want a value')])
    expect(await points(server.url, 'imp_total')).toEqual([
      `imp_total{a="b"} 1 @${timeMs}`,
      `imp_total{a="c"} 2 @${timeMs}`,
    ])
    const metadata = await (await fetch(`${server.url}/api/v1/metadata?metric=imp_total`)).json()
    expect(metadata).toMatchObject({ data: { imp_total: [{ type: 'counter', help: 'Imported.' }] } })
  })

  test('parameters: the time of samples without one, labels for all', async () => {
    const query = `timestamp=${timeMs}&extra_label=a=over&extra_label=more=x`
    expect(await send(server.url, `/api/v1/import/prometheus?${query}`, 'param{a="b"} 1\nparam{c="d"} 2\n')).toEqual([
      204,
      '',
    ])
    expect(await points(server.url, 'param')).toEqual([
      `param{a="over",c="d",more="x"} 2 @${timeMs}`,
      `param{a="over",more="x"} 1 @${timeMs}`,
    ])
  })

  test('OpenMetrics by its media type, in seconds, whole', async () => {
    const headers = { 'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8' }
    const line = `om_total{a="b"} 1 ${timeMs / 1_000} # {trace_id="t"} 0.5\n`
    expect(await send(server.url, '/api/v1/import/prometheus', line, { headers })).toEqual([
      400,
      'line 2: want # EOF at the end of OpenMetrics text',
    ])
    expect(await send(server.url, '/api/v1/import/prometheus', `${line}# EOF\n`, { headers })).toEqual([204, ''])
    expect(await points(server.url, 'om_total')).toEqual([`om_total{a="b"} 1 @${timeMs}`])
  })
})

describe('Pushgateway', () => {
  const push = (method: string, path: string, body?: string) =>
    send(server.url, `/metrics/${path}`, body ?? '', { method, body: body ?? null })

  test('PUT replaces a group, POST its names, DELETE all of it; other groups stay', async () => {
    expect(await push('PUT', 'job/backup', 'a 1\nb{x="1"} 2\n')).toEqual([200, ''])
    expect(await push('PUT', 'job/backup/instance/h1', 'a 10\n')).toEqual([200, ''])
    expect(await push('POST', 'job/backup', 'b{x="2"} 3\n')).toEqual([200, ''])
    expect(await alive(server.url, '{job="backup"}')).toEqual([
      'a {"instance":"h1","job":"backup"} 10',
      'a {"job":"backup"} 1',
      'b {"job":"backup","x":"2"} 3',
    ])
    expect(await push('PUT', 'job/backup', 'c 4\n')).toEqual([200, ''])
    expect(await alive(server.url, '{job="backup",instance=""}')).toEqual(['c {"job":"backup"} 4'])
    expect(await push('DELETE', 'job/backup')).toEqual([202, ''])
    expect(await alive(server.url, '{job="backup"}')).toEqual(['a {"instance":"h1","job":"backup"} 10'])
  })

  test('the group has labels of the path over those of the text; base64 where a path cannot hold them', async () => {
    const job = Buffer.from('a/b').toString('base64url')
    expect(await push('PUT', `job@base64/${job}/empty@base64/=/x/k%C3%B6ln`, 'd{x="lost",y="kept"} 1\n')).toEqual([
      200,
      '',
    ])
    expect(await alive(server.url, '{job="a/b"}')).toEqual(['d {"job":"a/b","x":"köln","y":"kept"} 1'])
  })

  test('a push that cannot be is refused whole, and its group says when', async () => {
    expect(await push('PUT', 'job/bad', 'e 1\ne x\n')).toEqual([400, expect.stringContaining('line 2')])
    expect(await push('PUT', 'job/bad', 'e 1 1700000000000\n')).toEqual([400, expect.stringContaining('timestamp')])
    expect(await push('PUT', 'job/bad', 'e 1\ne 2\n')).toEqual([400, expect.stringContaining('want each series once')])
    expect(await push('PUT', 'job/bad/0x/y', 'e 1\n')).toEqual([400, expect.stringContaining('label names')])
    expect(await alive(server.url, 'e')).toEqual([])
    expect(await points(server.url, 'push_failure_time_seconds{job="bad"}')).toHaveLength(3)
  })
})

test('what was answered with success survives a kill', async () => {
  const first = await startServer({ env: ENV })
  const timeMs = Date.now()
  const bodies: readonly (readonly [string, string, RequestInit?])[] = [
    ['/write?precision=ms', `flux,a=b v=1,w=2i ${timeMs}`],
    ['/api/v2/write?precision=s', `flux2 value=3 ${Math.floor(timeMs / 1_000)}`],
    ['/write', 'flux3 v=1'],
    ['/api/v1/import/prometheus', `text{a="b"} 4 ${timeMs}\ntext2 5\n`],
    ['/api/v1/import/prometheus?extra_label=x=y', `text3 6 ${timeMs}\n`],
    ['/metrics/job/kept', 'pushed 7\n', { method: 'PUT' }],
    ['/metrics/job/gone', 'pushed 8\n', { method: 'PUT' }],
  ]
  for (const [path, body, options] of bodies) expect((await send(first.url, path, body, options))[0]).toBeLessThan(300)
  expect((await send(first.url, '/metrics/job/gone', '', { method: 'DELETE', body: null }))[0]).toBe(202)
  const selector = '{__name__=~".+"}'
  const atMs = Date.now() + 5_000
  const before = [await points(first.url, selector, atMs), await alive(first.url, selector)]
  await first.kill()
  const again = await startServer({ env: ENV, dataDir: first.dataDir })
  try {
    expect([await points(again.url, selector, atMs), await alive(again.url, selector)]).toEqual(before)
    expect(before[0]?.length).toBeGreaterThan(10)
    expect(before[1]).toContain('pushed {"job":"kept"} 7')
    // What was pushed before the kill can be ended after it.
    expect(await send(again.url, '/metrics/job/kept', '', { method: 'DELETE', body: null })).toEqual([202, ''])
    expect(await alive(again.url, 'pushed')).toEqual([])
  } finally {
    await again.stop()
    await first.stop()
  }
})
