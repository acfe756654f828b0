import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'

/** What a first visit loads before it draws, and what each screen adds, bytes after gzip. */
export const BUNDLE_BUDGETS = { shellBytes: 180_000, routeBytes: 80_000 }

/**
 * Measures a build: the shell is the entry with all that it imports, its styles and the theme script; a route is what
 * its page imports beyond that. What is loaded on demand within a page (the editor) is listed by itself.
 * @param {string} base the folder that paths of the metafile are relative to
 * @param {import('esbuild').Metafile} metafile
 * @param {string} entry source of the entry
 * @param {readonly string[]} alsoInShell paths of further scripts that the page loads at once
 * @returns {Promise<{shellBytes: number, routes: {page: string, bytes: number}[], lazy: {page: string, bytes: number}[]}>}
 */
export async function bundleSizes(base, { outputs }, entry, alsoInShell) {
  const pathOf = (source) => Object.keys(outputs).find((path) => outputs[path].entryPoint === source)
  const shell = closureOf(outputs, pathOf(entry))
  const styles = outputs[pathOf(entry)].cssBundle
  const shellFiles = [...shell, ...alsoInShell, ...(styles === undefined ? [] : [styles])]
  const routes = pagesOf(outputs, shell)
  const inRoutes = new Set(routes.flatMap((path) => [...closureOf(outputs, path)]))
  const lazy = pagesOf(outputs, inRoutes).filter((path) => !inRoutes.has(path))
  const beyond = (path, known) => [...closureOf(outputs, path)].filter((one) => !known.has(one))
  const measured = async (path, known) => ({
    page: outputs[path].entryPoint,
    bytes: await gzippedBytes(base, beyond(path, known)),
  })
  return {
    shellBytes: await gzippedBytes(base, shellFiles),
    routes: await Promise.all(routes.map((path) => measured(path, shell))),
    lazy: await Promise.all(lazy.map((path) => measured(path, new Set([...shell, ...inRoutes])))),
  }
}

/** Everything that loads together with an output. */
function closureOf(outputs, path) {
  const seen = new Set()
  const visit = (one) => {
    if (seen.has(one) || outputs[one] === undefined) return
    seen.add(one)
    for (const { path: next, kind } of outputs[one].imports) if (kind === 'import-statement') visit(next)
  }
  visit(path)
  return seen
}

/** What these outputs import when they need it. */
function pagesOf(outputs, from) {
  const found = [...from].flatMap((path) => outputs[path].imports.filter(({ kind }) => kind === 'dynamic-import'))
  return [...new Set(found.map(({ path }) => path))].filter((path) => !from.has(path))
}

async function gzippedBytes(base, paths) {
  const files = await Promise.all(paths.map((path) => readFile(resolve(base, path))))
  return files.reduce((sum, file) => sum + gzipSync(file).length, 0)
}
