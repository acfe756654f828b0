import { ok } from '@vantage/model'
import type { Notices } from '../queries.ts'
import type { Route } from '../route.ts'
import { type RouteFactory, success } from './status-routes.ts'

/** Events that a slow follower may have waiting; one more ends it. */
const WAITING_EVENTS_MAX = 256

/**
 * States of the server that a person should know of. They are told while it starts and drains, too.
 * Source: Prometheus, docs/querying/api.md, "Notifications"; one event of the stream is one notification.
 */
export function notificationRoutes(route: RouteFactory, notices: Notices): Route[] {
  const told = (path: string, summary: string, handle: Route['handle']): Route => ({
    ...route(path, summary, [], handle, ['GET']),
    isToldUnready: true,
  })
  return [
    told('notifications', 'What a person should know of the server now', async () => ok(success(notices.list()))),
    told('notifications/live', 'The same as server-sent events, as they come and go', async () => {
      const stream = noticeStream(notices)
      if (stream === undefined) return ok({ status: 204, contentType: 'text/plain; charset=utf-8', body: '' })
      return ok({ contentType: 'text/event-stream', body: '', stream })
    }),
  ]
}

/** @returns undefined where as many follow as may */
function noticeStream(notices: Notices): ReadableStream<Uint8Array> | undefined {
  if (!notices.hasRoom) return undefined
  const encoder = new TextEncoder()
  let leave = (): void => {}
  const waiting = new CountQueuingStrategy({ highWaterMark: WAITING_EVENTS_MAX })
  const begin = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    const end = (): void => {
      leave()
      controller.close()
    }
    const write = (text: string): void => {
      if ((controller.desiredSize ?? 0) <= 0) end()
      else controller.enqueue(encoder.encode(text))
    }
    // A comment: headers leave with it, and later ones keep the connection from looking dead.
    const beat = (): void => write(':\n\n')
    beat()
    leave = notices.follow({ tell: (notice) => write(`data: ${JSON.stringify(notice)}\n\n`), beat, end })
  }
  return new ReadableStream({ start: begin, cancel: () => leave() }, waiting)
}
