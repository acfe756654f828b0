import { NodeFileSystem } from '@vantage/bytes'
import type { FileSystem } from '@vantage/model'

/**
 * A file system that dies before its n-th change and stays dead, as a killed process does: what was done before is
 * on disk, nothing after is.
 */
export class MortalFiles extends NodeFileSystem implements FileSystem {
  left: number
  changes = 0

  constructor(left: number) {
    super()
    this.left = left
  }

  #spend(): void {
    this.changes++
    if (this.left-- <= 0) throw Object.assign(new Error('the process is dead'), { code: 'EIO' })
  }

  override open(path: string, mode: 'read' | 'write' | 'create'): ReturnType<NodeFileSystem['open']> {
    if (mode === 'read') return super.open(path, mode)
    this.#spend()
    const file = super.open(path, mode)
    const spend = () => this.#spend()
    return new Proxy(file, {
      get(target, key) {
        const member = Reflect.get(target, key) as unknown
        if (typeof member !== 'function') return member
        return (...args: unknown[]) => {
          if (key === 'writeNow' || key === 'syncNow') spend()
          return (member as (...all: unknown[]) => unknown).apply(target, args)
        }
      },
    })
  }

  override rename(from: string, to: string): void {
    this.#spend()
    super.rename(from, to)
  }

  override removeNow(path: string): void {
    this.#spend()
    super.removeNow(path)
  }

  override async remove(path: string): Promise<void> {
    this.#spend()
    await super.remove(path)
  }

  override syncDirectoryNow(path: string): void {
    this.#spend()
    super.syncDirectoryNow(path)
  }
}
