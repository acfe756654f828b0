import { VantageClient } from '@vantage/api/client'

/** The API of the server that delivered this page. */
export const client = new VantageClient({ baseUrl: '' })
