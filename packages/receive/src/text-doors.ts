import type { FastifyInstance } from 'fastify'
import { holdContinue } from './http-server.ts'
import { type PushGroupFolder, PushGroups } from './push-groups.ts'
import type { Reception } from './reception.ts'
import type { TextCodec } from './text-doors-codec.ts'
import { importDoor } from './text-doors-import.ts'
import { INFLUX_DOOR, registerInfluxHandshake } from './text-doors-influx.ts'
import { JAEGER_DOOR } from './text-doors-jaeger.ts'
import {
  EVENTS_PATH,
  eventsDoor,
  executionsDoor,
  jsonArrayDoor,
  jsonLinesDoor,
  sampleExecutionsDoor,
} from './text-doors-json.ts'
import { LOKI_DOOR } from './text-doors-loki.ts'
import { pushDoor } from './text-doors-push.ts'
import { type TextDoor, TextVisit } from './text-doors-visit.ts'
import { ZIPKIN_DOOR } from './text-doors-zipkin.ts'

/** Paths where a door takes POST and others may have other methods: who registers those refuses the rest. */
export const SHARED_DOOR_PATHS: readonly string[] = [...ZIPKIN_DOOR.paths, ...JAEGER_DOOR.paths, EVENTS_PATH]

/** The doors of clients with habits of their own; made once, registered on each server of the process. */
export interface TextDoors {
  register(app: FastifyInstance): void
}

/**
 * InfluxDB writes, imports of Prometheus text, Pushgateway, Loki push, JSON lines and arrays, events, execution logs, Zipkin and Jaeger. As at the other doors a request is served in
 * Fastify's first hook, so that the order of checks is ours alone.
 * @param folder where groups of pushes survive a restart; absent = they are forgotten
 */
export function openTextDoors(reception: Reception, codec: TextCodec, folder?: PushGroupFolder): TextDoors {
  // One Pushgateway for all ports: its groups are known to each.
  const doors: readonly TextDoor[] = [
    INFLUX_DOOR,
    LOKI_DOOR,
    ZIPKIN_DOOR,
    JAEGER_DOOR,
    jsonLinesDoor(codec),
    jsonArrayDoor(codec),
    eventsDoor(codec),
    executionsDoor(codec),
    sampleExecutionsDoor(codec),
    importDoor(codec),
    pushDoor(codec, new PushGroups(folder, reception.logger)),
  ]
  return {
    register: (app) => {
      holdContinue(app.server, { has: (path) => isTextPath(doors, path) })
      for (const door of doors) registerDoor(app, door, reception)
      registerInfluxHandshake(app, reception)
    },
  }
}

function isTextPath(doors: readonly TextDoor[], path: string): boolean {
  return doors.some(({ paths }) =>
    paths.some((pattern) => {
      if (pattern.endsWith('*')) return path.startsWith(pattern.slice(0, -1))
      return path === pattern || (pattern.includes(':') && hasForm(path, pattern))
    }),
  )
}

/** @param pattern with `:name` for segments that may be anything */
function hasForm(path: string, pattern: string): boolean {
  const segments = path.split('/')
  const wanted = pattern.split('/')
  return segments.length === wanted.length && wanted.every((one, i) => one.startsWith(':') || one === segments[i])
}

function registerDoor(app: FastifyInstance, door: TextDoor, reception: Reception): void {
  reception.counts.open(door)
  for (const url of door.paths) {
    app.route({
      method: door.isShared === true ? [...door.methods] : ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
      url,
      onRequest: (request, reply) => new TextVisit(door, reception, request, reply).serve(),
      handler: () => {
        throw new Error('BUG: a text door answers in its first hook')
      },
    })
  }
}
