import type { Parameter, Route } from './route.ts'

/** The OpenAPI 3.1 document of a list of routes. */
export function openApiDocument(routes: readonly Route[], version: string): unknown {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = route.path.replace(/:([a-zA-Z]+)/g, '{$1}')
    const operations = paths[path] ?? {}
    paths[path] = operations
    for (const method of route.methods) operations[method.toLowerCase()] = operation(route, method)
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Vantage', version, license: { name: 'MIT', identifier: 'MIT' } },
    components: {
      securitySchemes: {
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        bearer: { type: 'http', scheme: 'bearer' },
        basic: { type: 'http', scheme: 'basic' },
      },
    },
    paths,
  }
}

function operation(route: Route, method: string): unknown {
  const form = route.parameters.filter((one) => one.in === 'query')
  const isForm = method === 'POST' && form.length > 0
  return {
    summary: route.summary,
    parameters: route.parameters.filter((one) => one.in === 'path' || !isForm).map(parameterOf),
    ...(isForm ? { requestBody: formOf(form) } : {}),
    ...(route.permission === 'public' ? {} : { security: [{ apiKey: [] }, { bearer: [] }, { basic: [] }, {}] }),
    responses: { 200: { description: 'the answer' }, default: { description: 'a fault, with code and message' } },
  }
}

function parameterOf(one: Parameter): unknown {
  return { name: one.name, in: one.in, required: one.required, description: one.description, schema: schemaOf(one) }
}

function schemaOf(one: Parameter): unknown {
  return one.repeated === true ? { type: 'array', items: { type: one.type } } : { type: one.type }
}

function formOf(parameters: readonly Parameter[]): unknown {
  const properties = Object.fromEntries(
    parameters.map((one) => [one.name, { ...(schemaOf(one) as object), description: one.description }]),
  )
  const required = parameters.filter((one) => one.required).map((one) => one.name)
  return { content: { 'application/x-www-form-urlencoded': { schema: { type: 'object', properties, required } } } }
}
