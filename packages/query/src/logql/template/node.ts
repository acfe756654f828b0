import type { Value } from './value.ts'

/** What a command is made of; the first operand is what is called or shown. */
export type Operand =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'dot' }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'call'; readonly name: string }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline }
  | { readonly kind: 'chain'; readonly base: Operand; readonly name: string }

export interface Command {
  readonly operands: readonly Operand[]
  /** As it was written, for messages. */
  readonly text: string
  /** Where it begins: line from 1, column from 0. */
  readonly place: string
}

/** Commands from left to right, the result of each the last argument of the next; then it is given to variables. */
export interface Pipeline {
  readonly names: readonly string[]
  /** `:=` makes variables, `=` sets known ones. */
  readonly isNew: boolean
  readonly commands: readonly Command[]
}

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipeline: Pipeline }
  | { readonly kind: 'break' }
  | { readonly kind: 'continue' }
  | {
      readonly kind: 'if' | 'with' | 'range'
      readonly pipeline: Pipeline
      readonly then: readonly Node[]
      readonly otherwise: readonly Node[]
    }
