/** Hands a file to the person. */
export function download(blob: Blob, fileName: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  link.click()
  // The download has its own reference after the click has been handled.
  setTimeout(() => URL.revokeObjectURL(url), 1_000)
}
