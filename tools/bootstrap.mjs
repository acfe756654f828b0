/**
 * The way from a fresh clone to a running product, in plain JavaScript for any Node >= 20:
 * install what is missing, build what changed, run it on the Node that came with the install.
 *
 *   node tools/bootstrap.mjs start|demo|test|test:wide|test:long|bench|conformance|check|format [arguments]
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const BUILD = join(ROOT, '.build')
const STAMP = join(ROOT, 'node_modules', '.vantage-install.json')
const NODE = join(ROOT, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
const PNPM = 'pnpm@10.34.9'
/**
 * The first full collection of garbage waits for so many MiB of heap. Bodies of requests lie outside of it and make the
 * engine collect a heap that small again and again: OTLP over gRPC cost a third less CPU, at 20 MB more of memory.
 */
const SERVER_FLAGS = ['--initial-heap-size=256']
/**
 * What threads freed goes back to the system: glibc otherwise keeps a heap for each thread that ever was, 60 MB once the
 * query threads have ended. Pages of files (4 MB) come from that heap: memory of their own would be mapped and cleared for
 * each, a third of what a search through all lines cost. Other allocators ignore all three.
 */
const SERVER_ENVIRONMENT = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_TRIM_THRESHOLD_: '65536',
  MALLOC_MMAP_THRESHOLD_: '8388608',
}
/** Builds that are kept beside the newest one, each with what the engine made of its code (`compiled`). */
const BUILDS_KEPT = 2
/** npm forwards a signal that the terminal sent to us already: the same one so soon is the same. */
const SAME_SIGNAL_MS = 500

/** Installs the run-time closure, or everything with the development tools, unless it is there. */
function install(wanted) {
  // Tools that are there stay: an install of the closure alone would remove them.
  const kind = existsSync(join(ROOT, 'node_modules', 'vitest')) ? 'dev' : wanted
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'pnpm-lock.yaml')))
    .digest('hex')
  const stamp = existsSync(STAMP) ? JSON.parse(readFileSync(STAMP, 'utf8')) : {}
  const isThere = stamp.lock === lock && (stamp.kind === 'dev' || stamp.kind === kind) && existsSync(NODE)
  if (isThere) return
  const what = kind === 'dev' ? 'the development tools' : 'what the product needs to run'
  console.error(`vantage: installing ${what} (once; Node 24 comes with it)`)
  const options = kind === 'dev' ? [] : ['--prod']
  // Packages say which Node they need: that is the one that is installed, not the one that installs.
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const engine = `--config.nodeVersion=${dependencies.node}`
  const result = spawnSync(
    'npx',
    ['--yes', PNPM, 'install', '--frozen-lockfile', '--config.confirmModulesPurge=false', engine, ...options],
    {
      cwd: ROOT,
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
      env: { ...process.env, CI: 'true' },
    },
  )
  if (result.status !== 0) fail(`the install failed with ${result.error?.message ?? `code ${result.status}`}`)
  writeFileSync(STAMP, JSON.stringify({ lock, kind }))
}

/** Files whose content decides what is built, sorted. */
function sources() {
  const files = ['pnpm-lock.yaml', 'tools/bootstrap.mjs']
  for (const group of ['packages', 'apps']) {
    for (const name of readdirSync(join(ROOT, group))) {
      const directory = join(ROOT, group, name)
      for (const file of ['package.json', 'build.mjs'])
        if (existsSync(join(directory, file))) files.push(join(group, name, file))
      const source = join(directory, 'src')
      if (!existsSync(source)) continue
      for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
        if (entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
          files.push(relative(ROOT, join(entry.parentPath ?? entry.path, entry.name)))
      }
    }
  }
  return files.sort()
}

function sourceHash() {
  const hash = createHash('sha256')
  for (const file of sources())
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(ROOT, file)))
      .update('\0')
  return hash.digest('hex').slice(0, 16)
}

/** @returns the directory of the build that belongs to the sources as they are */
async function build() {
  const directory = join(BUILD, `product-${sourceHash()}`)
  if (existsSync(join(directory, 'server.mjs'))) return directory
  console.error('vantage: building')
  const draft = `${directory}.tmp-${process.pid}`
  mkdirSync(draft, { recursive: true })
  await buildServer(draft)
  cpSync(join(ROOT, 'apps/server/src/dashboards'), join(draft, 'dashboards'), { recursive: true })
  const dashboard = await import(pathToFileURL(join(ROOT, 'apps/dashboard/build.mjs')).href)
  await dashboard.buildDashboard(join(draft, 'dashboard'))
  rmSync(directory, { recursive: true, force: true })
  renameSync(draft, directory)
  removeOldBuilds(directory)
  return directory
}

/**
 * Takes these modules of Node as they are. An `import` reads every name that they export, which loads what nobody asked
 * for: behind `node:http` a whole HTTP client, behind `node:util` a comparison of texts.
 */
const lazyBuiltins = {
  name: 'lazy-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?(http|util)$/ }, ({ path }) => ({ path, namespace: 'builtin' }))
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}')`,
    }))
  },
}

/** `server.mjs`, and beside it what it and its threads import when they need it: no thread holds another's code. */
async function buildServer(outdir) {
  const { build: bundle } = await import(pathToFileURL(join(ROOT, 'node_modules/esbuild/lib/main.js')).href).then(
    (all) => all.default ?? all,
  )
  await bundle({
    entryPoints: { server: join(ROOT, 'apps/server/src/main.ts') },
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'error',
    plugins: [lazyBuiltins],
    // Packages in CommonJS ask for require, and for where they are.
    banner: {
      js: "import { createRequire as vantageRequire } from 'node:module'; const require = vantageRequire(import.meta.url); const __dirname = import.meta.dirname; const __filename = import.meta.filename;",
    },
  })
}

function removeOldBuilds(newest) {
  const old = readdirSync(BUILD).filter((name) => name.startsWith('product-') && join(BUILD, name) !== newest)
  for (const name of old.slice(0, Math.max(0, old.length - BUILDS_KEPT)))
    rmSync(join(BUILD, name), { recursive: true, force: true })
}

/**
 * Runs the product's own Node in a process group of its own, so that a terminal's Ctrl-C reaches it once, through
 * us. Should we die, the channel closes and the server drains.
 */
function run(args, { env = {}, isServer = false, stdio = 'inherit' } = {}) {
  return spawn(NODE, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    detached: isServer,
    stdio: isServer ? [stdio, stdio, stdio, 'ipc'] : stdio,
  })
}

/** Forwards signals to `children`, ends with the first one's code. */
function supervise(children) {
  const [main] = children
  let last = { signal: '', atMs: 0 }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      const nowMs = performance.now()
      if (last.signal === signal && nowMs - last.atMs < SAME_SIGNAL_MS) return
      last = { signal, atMs: nowMs }
      for (const child of children) child.kill(signal)
    })
  }
  main.on('exit', (code, signal) => {
    for (const child of children) if (child !== main) child.kill('SIGTERM')
    process.exit(code ?? (signal === 'SIGKILL' ? 137 : 1))
  })
}

/** Prepares in a process of its own, so that what stays beside the server stays small. @returns the build */
function prepare() {
  const result = spawnSync(process.execPath, [fileURLToPath(import.meta.url), 'prepare'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (result.status !== 0) process.exit(result.status ?? 1)
  return result.stdout.toString().trim()
}

function startServer(args, env = {}) {
  const directory = prepare()
  const dashboard = join(directory, 'dashboard')
  return run([...SERVER_FLAGS, join(directory, 'server.mjs'), ...args], {
    isServer: true,
    env: {
      ...SERVER_ENVIRONMENT,
      NODE_COMPILE_CACHE: join(directory, 'compiled'),
      VANTAGE_DASHBOARD: dashboard,
      ...env,
    },
  })
}

function runTool(args, env) {
  install('dev')
  supervise([run(args, { env })])
}

function runAll(steps) {
  install('dev')
  for (const args of steps) {
    const result = spawnSync(NODE, args, { cwd: ROOT, stdio: 'inherit' })
    if (result.status !== 0) process.exit(result.status ?? 1)
  }
}

const VITEST = [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--reporter=default',
  '--reporter=json',
  '--outputFile.json=test-output/vitest.json',
]
const BIOME = 'node_modules/@biomejs/biome/bin/biome'
const TSC = 'node_modules/typescript/bin/tsc'
const KNIP = 'node_modules/knip/bin/knip.js'

const COMMANDS = {
  prepare: async () => {
    install('runtime')
    console.log(await build())
  },
  start: async (args) => supervise([startServer(args)]),
  demo: async (args) => {
    const server = startServer(['--compat', ...args])
    const endpoint = `http://127.0.0.1:${process.env['VANTAGE_OTLP_HTTP_PORT'] ?? '4318'}`
    supervise([server, run(['examples/shop/main.ts', '--endpoint', endpoint])])
  },
  test: async (args) => runTool([...VITEST, ...args]),
  'test:wide': async (args) => runTool([...VITEST, ...args], { VANTAGE_TESTS: 'wide' }),
  'test:long': async (args) => runTool([...VITEST, ...args], { VANTAGE_TESTS: 'long' }),
  bench: async (args) => {
    install('dev')
    const directory = await build()
    runTool(['bench/main.ts', ...args], {
      VANTAGE_SERVER: join(directory, 'server.mjs'),
      VANTAGE_DASHBOARD: join(directory, 'dashboard'),
    })
  },
  conformance: async (args) => runTool(['tools/conformance/main.ts', ...args]),
  check: async () => runAll([[BIOME, 'check', '.'], [TSC, '-b'], [KNIP]]),
  format: async () => runAll([[BIOME, 'check', '--write', '.']]),
}

function fail(message) {
  console.error(`vantage: ${message}`)
  process.exit(1)
}

const [name = '', ...args] = process.argv.slice(2)
const command = COMMANDS[name]
if (command === undefined) fail(`want one of ${Object.keys(COMMANDS).join(', ')}, got ${JSON.stringify(name)}`)
await command(args)
