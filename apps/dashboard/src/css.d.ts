declare module '*.css'

/** The address of the file, relative to the script that imports it. */
declare module '*.woff2' {
  const url: string
  export default url
}

/** Addresses of the worker scripts with their hashes; `build.mjs` fills them in. */
declare const LIVE_WORKER_URL: string
declare const MAP_WORKER_URL: string
