import type { Route } from './route.ts'

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}

/** `/docs`: the routes as a page that needs no script; each GET without a path parameter can be tried by its form. */
export function docsPage(routes: readonly Route[], version: string): string {
  const sections = routes.map(section).join('\n')
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vantage API</title><link rel="stylesheet" href="/docs.css"></head>
<body><main><h1>Vantage API</h1><p>Version ${escaped(version)} · <a href="/openapi.json">OpenAPI document</a></p>
${sections}
</main></body></html>`
}

function section(route: Route): string {
  const canTry = route.methods.includes('GET') && !route.path.includes(':')
  const rows = route.parameters.map((one) => {
    const field = canTry ? `<input name="${escaped(one.name)}" aria-label="${escaped(one.name)}">` : ''
    return `<tr><th scope="row"><code>${escaped(one.name)}</code>${one.required ? ' *' : ''}</th><td>${escaped(one.description)}</td><td>${field}</td></tr>`
  })
  const table = rows.length > 0 ? `<table>${rows.join('')}</table>` : ''
  const form = canTry
    ? `<form method="get" action="${escaped(route.path)}">${table}<button>Send</button></form>`
    : table
  return `<section><h2><span>${route.methods.join(' ')}</span> <code>${escaped(route.path)}</code></h2><p>${escaped(route.summary)}</p>${form}</section>`
}

export const DOCS_CSS = `:root{color-scheme:light dark}body{font:14px/20px system-ui,sans-serif;margin:0}main{max-width:880px;margin:0 auto;padding:24px 16px}
h1{font-size:20px}section{border-top:1px solid color-mix(in srgb,currentColor 20%,transparent);padding:8px 0}h2{font-size:14px;margin:8px 0}
h2 span{font-weight:600;margin-right:8px}table{border-collapse:collapse}th,td{text-align:left;padding:2px 12px 2px 0;font-weight:400;vertical-align:top}
input,button{font:inherit}`
