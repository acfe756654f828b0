import { TEMPLATE_CHARS_MAX, TEMPLATE_STEPS_MAX } from '../limits.ts'
import type { Row } from '../stages/row.ts'
import { PatternCache, type TemplateContext } from './function.ts'
import { FUNCTIONS } from './functions.ts'
import type { Command, Node, Operand, Pipeline } from './node.ts'
import { parseTemplate } from './parse.ts'
import { isList, isMap, isTrue, TemplateError, type Value, valueText } from './value.ts'

/** Stands for labels that a template does not name. */
export const ALL_FIELDS = '*'

export type Written = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string }

/** A template over the labels of a row. Source: Go text/template with the functions of Loki. */
export interface Template {
  /** Labels that it asks for; `*` among them where it may ask for all. */
  readonly fields: readonly string[]
  run(row: Row): Written
}

/**
 * @param name what messages call it
 * @param nowNs unix ns that `now` gives
 * @throws FaultError where the template is not well formed
 */
export function compileTemplate(template: string, name: 'line' | 'label', nowNs: bigint): Template {
  const nodes = parseTemplate(template)
  const fields = new Set<string>()
  collectFields(nodes, fields, true)
  const patterns = new PatternCache()
  return {
    fields: [...fields],
    run: (row) => {
      // Fast path: nothing but text.
      const [only] = nodes
      if (only === undefined) return { ok: true, text: '' }
      if (nodes.length === 1 && only.kind === 'text') return { ok: true, text: only.text }
      return new TemplateRun({ row, nowNs, patterns }, name).write(nodes)
    },
  }
}

/** @param isRow false inside `with` and `range`, where the dot is something else than the row */
function collectFields(nodes: readonly Node[], fields: Set<string>, isRow: boolean): void {
  for (const node of nodes) {
    if (node.kind === 'text' || node.kind === 'break' || node.kind === 'continue') continue
    collectPipeline(node.pipeline, fields, isRow)
    if (node.kind === 'action') continue
    collectFields(node.then, fields, isRow && node.kind === 'if')
    collectFields(node.otherwise, fields, isRow)
  }
}

function collectPipeline(pipeline: Pipeline, fields: Set<string>, isRow: boolean): void {
  for (const command of pipeline.commands) {
    for (const operand of command.operands) collectOperand(operand, fields, isRow)
  }
}

function collectOperand(operand: Operand, fields: Set<string>, isRow: boolean): void {
  const isAll = (operand.kind === 'dot' && isRow) || (operand.kind === 'variable' && operand.name === '$')
  if (isAll) fields.add(ALL_FIELDS)
  else if (operand.kind === 'field') fields.add(operand.name)
  else if (operand.kind === 'pipeline') collectPipeline(operand.pipeline, fields, isRow)
  else if (operand.kind === 'chain') {
    if (operand.base.kind === 'variable' && operand.base.name === '$') fields.add(operand.name)
    else collectOperand(operand.base, fields, isRow)
  }
}

/** Stands for the labels of the row: they are looked up when they are asked for. */
const ROW_LABELS = Symbol('labels')
type Dot = Value | typeof ROW_LABELS

interface Variable {
  readonly name: string
  value: Dot
}

type Flow = 'next' | 'break' | 'continue'

/** One execution: output, variables and how much was done. */
class TemplateRun {
  readonly #context: TemplateContext
  readonly #name: string
  readonly #variables: Variable[] = [{ name: '$', value: ROW_LABELS }]
  #out = ''
  #steps = 0

  constructor(context: TemplateContext, name: string) {
    this.#context = context
    this.#name = name
  }

  write(nodes: readonly Node[]): Written {
    try {
      this.#nodes(nodes, ROW_LABELS)
      return { ok: true, text: this.#out }
    } catch (error) {
      if (error instanceof TemplateError) return { ok: false, message: error.message }
      throw error
    }
  }

  #nodes(nodes: readonly Node[], dot: Dot): Flow {
    const known = this.#variables.length
    let flow: Flow = 'next'
    for (const node of nodes) {
      flow = this.#node(node, dot)
      if (flow !== 'next') break
    }
    this.#variables.length = known
    return flow
  }

  #node(node: Node, dot: Dot): Flow {
    this.#step()
    switch (node.kind) {
      case 'text':
        this.#put(node.text)
        return 'next'
      case 'break':
      case 'continue':
        return node.kind
      case 'action': {
        const value = this.#pipeline(node.pipeline, dot)
        if (node.pipeline.names.length === 0) this.#put(value === ROW_LABELS ? this.#labelsText() : valueText(value))
        return 'next'
      }
      case 'if':
      case 'with':
        return this.#branch(node, dot)
      case 'range':
        return this.#range(node, dot)
    }
  }

  #put(text: string): void {
    if (this.#out.length + text.length > TEMPLATE_CHARS_MAX) {
      throw new TemplateError(`want at most ${TEMPLATE_CHARS_MAX} characters, got more`)
    }
    this.#out += text
  }

  #labelsText(): string {
    const { names, values, count } = this.#context.row
    return valueText(new Map(names.slice(0, count).map((name, i) => [name, values[i]])))
  }

  #branch(node: Extract<Node, { kind: 'if' | 'with' | 'range' }>, dot: Dot): Flow {
    const known = this.#variables.length
    const value = this.#pipeline(node.pipeline, dot)
    const isTaken = value === ROW_LABELS || isTrue(value)
    const inner = node.kind === 'with' && isTaken ? value : dot
    const flow = this.#nodes(isTaken ? node.then : node.otherwise, inner)
    this.#variables.length = known
    return flow
  }

  #range(node: Extract<Node, { kind: 'if' | 'with' | 'range' }>, dot: Dot): Flow {
    const known = this.#variables.length
    // Its variables are set anew for each item.
    const entries = rangeEntries(this.#pipeline({ ...node.pipeline, names: [] }, dot))
    for (const [key, value] of entries) {
      const { names } = node.pipeline
      const [first, second] = names
      if (first !== undefined) this.#variables.push({ name: first, value: second === undefined ? value : key })
      if (second !== undefined) this.#variables.push({ name: second, value })
      const flow = this.#nodes(node.then, value)
      this.#variables.length = known
      if (flow === 'break') return 'next'
    }
    return entries.length === 0 ? this.#nodes(node.otherwise, dot) : 'next'
  }

  #pipeline(pipeline: Pipeline, dot: Dot): Dot {
    let value: Dot
    pipeline.commands.forEach((command, i) => {
      value = this.#command(command, dot, i > 0, value)
    })
    for (const name of pipeline.names) {
      if (pipeline.isNew) this.#variables.push({ name, value })
      else this.#variable(name).value = value
    }
    return value
  }

  #command(command: Command, dot: Dot, isPiped: boolean, piped: Dot): Dot {
    const [head, ...rest] = command.operands as [Operand, ...Operand[]]
    if (head.kind !== 'call') {
      if (rest.length === 0 && !isPiped) return this.#operand(head, dot)
      const shown = describe(head)
      throw this.#failed({ ...command, text: `.${shown}` }, `${shown} is not a method but has arguments`)
    }
    const args = rest.map((operand) => this.#argument(operand, dot))
    if (isPiped) args.push(plain(piped))
    try {
      return this.#call(head.name, args)
    } catch (error) {
      if (!(error instanceof TemplateError) || error.isPlaced) throw error
      throw this.#failed(command, `error calling ${head.name}: ${error.message}`)
    }
  }

  /** Source: Go text/template, ExecError. */
  #failed({ place, text }: Command, message: string): TemplateError {
    const name = this.#name
    return new TemplateError(`template: ${name}:${place}: executing "${name}" at <${text}>: ${message}`, true)
  }

  #call(name: string, args: Value[]): Value {
    this.#step()
    const known = FUNCTIONS[name]
    if (known === undefined) throw new TemplateError(`function ${JSON.stringify(name)} not defined`)
    const { min, max, run } = known
    if (args.length < min || args.length > max) {
      throw new TemplateError(
        `wrong number of args for ${name}: want ${min === max ? min : `at least ${min}`} got ${args.length}`,
      )
    }
    return run(args, this.#context)
  }

  #step(): void {
    if (++this.#steps <= TEMPLATE_STEPS_MAX) return
    throw new TemplateError(`want at most ${TEMPLATE_STEPS_MAX} steps, got more`, true)
  }

  #argument(operand: Operand, dot: Dot): Value {
    return plain(this.#operand(operand, dot))
  }

  #operand(operand: Operand, dot: Dot): Dot {
    switch (operand.kind) {
      case 'literal':
        return operand.value
      case 'dot':
        return dot
      case 'field':
        return this.#field(dot, operand.name)
      case 'variable':
        return this.#variable(operand.name).value
      case 'call':
        return this.#call(operand.name, [])
      case 'pipeline':
        return this.#pipeline(operand.pipeline, dot)
      case 'chain':
        return this.#field(this.#operand(operand.base, dot), operand.name)
    }
  }

  /** Labels that are missing are empty. */
  #field(value: Dot, name: string): Value {
    if (value === ROW_LABELS) return this.#context.row.get(name) ?? ''
    if (isMap(value)) return value.get(name)
    throw new TemplateError(`can't evaluate field ${name} in type ${typeof value}`)
  }

  #variable(name: string): Variable {
    const found = this.#variables.findLast((one) => one.name === name)
    if (found === undefined) throw new TemplateError(`undefined variable: ${name}`)
    return found
  }
}

function plain(value: Dot): Value {
  if (value === ROW_LABELS) throw new TemplateError('the labels themselves are no argument: name one of them')
  return value
}

function describe(operand: Operand): string {
  if (operand.kind === 'field' || operand.kind === 'chain') return operand.name
  return operand.kind === 'variable' ? operand.name : operand.kind
}

function rangeEntries(value: Dot): readonly (readonly [Value, Value])[] {
  if (value === ROW_LABELS) throw new TemplateError("range can't iterate over the labels")
  if (value === undefined || value === '') return []
  if (isList(value)) return value.map((one, i) => [BigInt(i), one] as const)
  if (isMap(value)) return [...value].sort(([a], [b]) => (a < b ? -1 : 1))
  if (typeof value === 'bigint' && value <= TEMPLATE_STEPS_MAX) {
    return Array.from({ length: Math.max(0, Number(value)) }, (_, i) => [BigInt(i), BigInt(i)] as const)
  }
  throw new TemplateError(`range can't iterate over ${valueText(value)}`)
}
