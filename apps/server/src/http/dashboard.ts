import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join, relative } from 'node:path'
import type { FastifyInstance } from 'fastify'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** Names with a content hash never change their content. */
const HASHED = /-[A-Z0-9]{8}\.[a-z0-9]+$/

const ICON = '/favicon.svg'
/** Asked for by browsers that show something else than a page of ours: an answer of the API, say. */
const ICON_BY_HABIT = '/favicon.ico'

/** Own scripts only; nothing inline, nothing from elsewhere, no frames. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; " +
  "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

/**
 * Serves the built dashboard from a directory. The list of files is read once: a request can only name one of them,
 * so no path is ever resolved. Unknown paths without an extension get the page: the browser's router takes over.
 */
export function registerDashboard(app: FastifyInstance, directory: string): void {
  const files = listFiles(directory)
  const page = readFileSync(join(directory, 'index.html'))
  for (const [path, file] of files) {
    if (path === '/index.html') continue
    const size = statSync(file).size
    for (const url of path === ICON ? [path, ICON_BY_HABIT] : [path]) {
      app.get(url, (_request, reply) =>
        reply
          .header('content-type', TYPES[extname(path)] ?? 'application/octet-stream')
          .header('content-length', size)
          .header('cache-control', HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache')
          .send(createReadStream(file)),
      )
    }
  }
  const sendPage = (reply: import('fastify').FastifyReply) =>
    reply
      .header('content-type', TYPES['.html'])
      .header('cache-control', 'no-cache')
      .header('content-security-policy', PAGE_POLICY)
      .send(page)
  for (const path of [
    '/',
    '/setup',
    '/live',
    '/map',
    '/explore',
    '/explore/*',
    '/services',
    '/services/:name',
    '/services/:name/:tab',
    '/hosts',
    '/hosts/:name',
    '/dashboards',
    '/d/:id',
    '/d/:id/:slug',
    '/trace/:id',
    '/trace/:id/compare/:other',
    '/exceptions',
    '/exceptions/:fingerprint',
  ]) {
    app.get(path, (_request, reply) => sendPage(reply))
  }
}

function listFiles(directory: string): Map<string, string> {
  const files = new Map<string, string>()
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    files.set(`/${relative(directory, file).replaceAll('\\', '/')}`, file)
  }
  return files
}
