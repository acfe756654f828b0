declare module '*.css'

/** Addresses of the worker scripts with their hashes; `build.mjs` fills them in. */
declare const LIVE_WORKER_URL: string
declare const MAP_WORKER_URL: string
