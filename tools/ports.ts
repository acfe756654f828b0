import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/** Ports of the loopback that nobody listens on, held together while they are chosen so that none comes twice. */
export async function freePorts(count: number): Promise<number[]> {
  const holders: Server[] = []
  try {
    for (let i = 0; i < count; i++) {
      const holder = createServer()
      holders.push(holder)
      holder.listen(0, '127.0.0.1')
      await once(holder, 'listening')
    }
    return holders.map((holder) => {
      const address = holder.address()
      if (address === null || typeof address === 'string') throw new Error('BUG: a TCP server has an address')
      return address.port
    })
  } finally {
    await Promise.all(
      holders.map((holder) => {
        holder.close()
        return once(holder, 'close')
      }),
    )
  }
}

/**
 * True where the URL answers 200; false also while nobody listens yet.
 * @param takesAnyStatus an answer will do, whatever it says
 */
export async function isAnswered(url: string, takesAnyStatus = false): Promise<boolean> {
  try {
    const answer = await fetch(url)
    await answer.arrayBuffer()
    return answer.status === 200 || takesAnyStatus
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}
