/** A drawing as a picture, on the colour of its card: the canvas itself is transparent. */
export function canvasPng(source: HTMLCanvasElement | undefined): Promise<Blob | undefined> {
  if (source === undefined) return Promise.resolve(undefined)
  const copy = document.createElement('canvas')
  copy.width = source.width
  copy.height = source.height
  const context = copy.getContext('2d') as CanvasRenderingContext2D
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--surface')
  context.fillRect(0, 0, copy.width, copy.height)
  context.drawImage(source, 0, 0)
  return new Promise((done) => copy.toBlob((blob) => done(blob ?? undefined), 'image/png'))
}
