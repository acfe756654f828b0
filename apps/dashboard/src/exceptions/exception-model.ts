import type { ExceptionGroup } from '@vantage/api/client'
import { quoted } from '../logs/log-model.ts'
import { quotedText } from '../traces/traceql.ts'

export const EXCEPTION_SORTS = ['newest', 'count', 'first'] as const
export type ExceptionSort = (typeof EXCEPTION_SORTS)[number]

/** Groups that a text finds in type, message or service, in an order. */
export function shownGroups(groups: readonly ExceptionGroup[], find: string, sort: ExceptionSort): ExceptionGroup[] {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean)
  const found = groups.filter(({ type, message, services }) => {
    const text = `${type} ${message} ${services.map(({ service }) => service).join(' ')}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
  if (sort === 'count') return found.sort((a, b) => b.count - a.count || b.lastMs - a.lastMs)
  if (sort === 'first') return found.sort((a, b) => b.firstMs - a.firstMs)
  return found.sort((a, b) => b.lastMs - a.lastMs)
}

/** A type as a page names it; some senders leave it out. */
export function typeText({ type }: Pick<ExceptionGroup, 'type'>): string {
  return type === '' ? 'Exception without a type' : type
}

/** TraceQL of traces in which an exception of this type was thrown by one of its services. */
export function tracesQuery({ type, services }: Pick<ExceptionGroup, 'type' | 'services'>): string {
  const names = services.map(({ service }) => `resource.service.name = ${quotedText(service)}`)
  const ofService = names.length > 1 ? `(${names.join(' || ')})` : names.join('')
  return `{ ${[ofService, `event.exception.type = ${quotedText(type)}`].filter((one) => one !== '').join(' && ')} }`
}

/** LogQL of log records that tell of it. */
export function linesQuery({ type, services }: Pick<ExceptionGroup, 'type' | 'services'>): string {
  const names = services.map(({ service }) => service.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')
  return `{service_name=~${quoted(names === '' ? '.+' : names)}} | exception_type=${quoted(type)}`
}

/** How long ago, in one number: `12 s`, `5 min`, `3 h`, `2 d`. */
export function agoText(atMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - atMs) / 1000))
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h ago` : `${Math.floor(seconds / 86_400)} d ago`
}
