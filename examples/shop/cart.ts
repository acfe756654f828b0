import { isActive } from './faults.ts'
import { callDatabase, runService } from './service.ts'

const LEAK_BYTES = 512 * 1024
const ITEMS_MAX = 20
const USERS_MAX = 10_000

const carts = new Map<string, number[]>()
const leaked: Uint8Array[] = []

/** What users are about to buy. */
runService('cart', {
  'POST /carts/:user': async ({ path, body }) => {
    await callDatabase('SET cart', { 'db.system.name': 'redis' }, 2)
    if (isActive('memory-leak')) leaked.push(new Uint8Array(LEAK_BYTES).fill(1))
    else leaked.length = 0
    if (carts.size > USERS_MAX) carts.clear()
    const items = [...(carts.get(path['user'] ?? '') ?? []), Number(body['product'] ?? 0)].slice(-ITEMS_MAX)
    carts.set(path['user'] ?? '', items)
    return { items }
  },
  'GET /carts/:user': async ({ path }) => {
    await callDatabase('GET cart', { 'db.system.name': 'redis' }, 1)
    return { items: carts.get(path['user'] ?? '') ?? [1] }
  },
})
