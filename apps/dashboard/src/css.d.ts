declare module '*.css'

/** Address of the worker script with its hash; `build.mjs` fills it in. */
declare const LIVE_WORKER_URL: string
