import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const CHECKOUT = resolve(import.meta.dirname, '..')
const DOCUMENTS = ['*.md', 'docs/**/*.md', 'packages/*/src/**/FORMAT.md'].flatMap((glob) =>
  globSync(glob, { cwd: CHECKOUT }).sort(),
)

const read = (path: string) => readFileSync(join(CHECKOUT, path), 'utf8')
const VARIABLE = /\b(?:VANTAGE|API)_[A-Z][A-Z0-9_]*[A-Z0-9]\b/g
const SOURCES = ['apps/*/src/**/*.ts', 'tools/**/*.{ts,mjs}', 'test/**/*.ts', 'packages/model/src/testing/*.ts']
const VARIABLES = new Set(
  SOURCES.flatMap((glob) => globSync(glob, { cwd: CHECKOUT })).flatMap((path) => read(path).match(VARIABLE) ?? []),
)
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }

/** What a heading is called in a link. */
function anchorsOf(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading as string)
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function deadLinks(path: string): string[] {
  const text = read(path).replaceAll(/^```[\s\S]*?^```/gm, '')
  const links = [...text.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(([, link]) => link as string)
  return links.filter((link) => {
    const [file = '', anchor] = link.split('#', 2)
    const target = file === '' ? path : join(dirname(path), file)
    if (!existsSync(join(CHECKOUT, target))) return true
    return anchor !== undefined && !anchorsOf(read(target)).includes(anchor)
  })
}

test.each(DOCUMENTS)('%s: its links lead somewhere, its scripts and variables are there', (path) => {
  const text = read(path)
  const named = [...text.matchAll(/\bnpm run (?:-s |--silent )?([a-z][a-z:-]*)/g)].map(([, name]) => name as string)
  expect(deadLinks(path)).toEqual([])
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([])
  expect((text.match(VARIABLE) ?? []).filter((name) => !VARIABLES.has(name))).toEqual([])
})

test('the licence is MIT, and every package says so', () => {
  expect(read('LICENSE')).toMatch(/^MIT License\n/)
  const packages = globSync(
    ['package.json', 'packages/*/package.json', 'apps/*/package.json', 'examples/*/package.json'],
    {
      cwd: CHECKOUT,
    },
  )
  expect(packages.length).toBeGreaterThan(10)
  expect(packages.map((path) => [path, JSON.parse(read(path)).license])).toEqual(packages.map((path) => [path, 'MIT']))
})

test('the index of the guide names every page of it', () => {
  const pages = DOCUMENTS.filter((path) => path.startsWith('docs/guide/') && !path.endsWith('/README.md'))
  const index = read('docs/guide/README.md')
  expect(pages.filter((path) => !index.includes(`](${path.slice('docs/guide/'.length)})`))).toEqual([])
})
