/**
 * Bundles the dashboard into a folder that any static server can deliver: `index.html`, hashed ESM
 * chunks, one style sheet, two fonts. Works on Node 20 and later, with esbuild alone.
 *
 *   node apps/dashboard/build.mjs [outDir]
 */
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { bundleSizes } from './bundle-sizes.mjs'

const HERE = dirname(fileURLToPath(import.meta.url))

const ICON = 'favicon.svg'

const COMMON = {
  absWorkingDir: HERE,
  bundle: true,
  minify: true,
  target: ['chrome120', 'firefox121', 'safari17'],
  legalComments: 'linked',
  logLevel: 'warning',
  metafile: true,
}

/**
 * Builds everything anew into `outDir`, which is emptied first.
 * @param {string} outDir
 * @returns {Promise<{files: string[], sizes: Awaited<ReturnType<typeof bundleSizes>>}>} paths below `outDir`, and what
 *   visitors load of them
 */
export async function buildDashboard(outDir) {
  const out = resolve(outDir)
  await rm(join(out, 'assets'), { recursive: true, force: true })
  await mkdir(join(out, 'assets'), { recursive: true })
  const boot = await build({
    ...COMMON,
    entryPoints: { 'boot-theme': 'src/boot/theme.ts' },
    entryNames: '[name]-[hash]',
    format: 'iife',
    outdir: join(out, 'assets'),
  })
  const workerOf = (name, entry) =>
    build({
      ...COMMON,
      entryPoints: { [name]: entry },
      entryNames: '[name]-[hash]',
      assetNames: '[name]-[hash]',
      format: 'esm',
      loader: { '.woff2': 'file' },
      outdir: join(out, 'assets'),
    })
  const liveWorker = await workerOf('live-worker', 'src/live/worker.ts')
  const mapWorker = await workerOf('map-worker', 'src/map/worker.ts')
  const urlOf = (worker) => JSON.stringify(`/assets/${basename(scriptOf(worker))}`)
  const app = await build({
    ...COMMON,
    entryPoints: { app: 'src/main.tsx' },
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    format: 'esm',
    splitting: true,
    jsx: 'automatic',
    // src/boot/jsx-runtime.ts, by the imports of package.json.
    jsxImportSource: '#shown',
    loader: { '.woff2': 'file' },
    define: {
      'process.env.NODE_ENV': '"production"',
      LIVE_WORKER_URL: urlOf(liveWorker),
      MAP_WORKER_URL: urlOf(mapWorker),
    },
    outdir: join(out, 'assets'),
  })
  const entry = Object.entries(app.metafile.outputs).find(([, output]) => output.entryPoint === 'src/main.tsx')
  if (entry === undefined) throw new Error('BUG: the build has no entry script')
  const page = await renderPage({
    script: `/assets/${basename(entry[0])}`,
    style: `/assets/${basename(entry[1].cssBundle ?? '')}`,
    boot: `/assets/${basename(scriptOf(boot))}`,
    preload: entry[1].imports
      .filter((one) => one.kind === 'import-statement' && !one.external)
      .map((one) => `/assets/${basename(one.path)}`),
    fonts: Object.keys(app.metafile.outputs)
      .filter((path) => path.endsWith('.woff2') && basename(path).startsWith('inter-'))
      .map((path) => `/assets/${basename(path)}`),
  })
  await writeFile(join(out, 'index.html'), page)
  await copyFile(join(HERE, 'src', ICON), join(out, ICON))
  const outputs = [boot, liveWorker, mapWorker, app].flatMap((result) => Object.keys(result.metafile.outputs))
  const sizes = await bundleSizes(HERE, app.metafile, 'src/main.tsx', [scriptOf(boot)])
  // A font that two of them use is one file.
  const paths = new Set(outputs.map((path) => relative(out, resolve(HERE, path))))
  return { files: ['index.html', ICON, ...paths].sort(), sizes }
}

function scriptOf(result) {
  const path = Object.keys(result.metafile.outputs).find((one) => one.endsWith('.js'))
  if (path === undefined) throw new Error('BUG: the build has no script')
  return path
}

async function renderPage({ script, style, boot, preload, fonts }) {
  const template = await readFile(join(HERE, 'src/index.html'), 'utf8')
  const links = [
    ...fonts.map((url) => `<link rel="preload" href="${url}" as="font" type="font/woff2" crossorigin>`),
    ...preload.map((url) => `<link rel="modulepreload" href="${url}">`),
  ]
  const hash = createHash('sha256').update(script).digest('hex').slice(0, 8)
  return template
    .replace('{{links}}', links.join('\n    '))
    .replace('{{style}}', style)
    .replace('{{boot}}', boot)
    .replace('{{script}}', script)
    .replace('{{build}}', hash)
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const outDir = process.argv[2] ?? join(HERE, '../../.build/dashboard')
  const { files } = await buildDashboard(outDir)
  process.stdout.write(`${files.length} files in ${outDir}\n`)
}
