/** Version of the product; the same in every package.json of the workspace, which a test compares. */
export const VERSION = '0.1.0'
