import type { FileSystem } from '@vantage/model'

/**
 * tmp → sync → rename → sync directory: a name without `tmp-` is a whole file.
 * @param write writes all of the file at a path and syncs it
 */
export function publishFile<T>(files: FileSystem, directory: string, fileName: string, write: (path: string) => T): T {
  const temporary = `${directory}/tmp-${fileName}`
  try {
    const written = write(temporary)
    files.rename(temporary, `${directory}/${fileName}`)
    files.syncDirectoryNow(directory)
    return written
  } catch (error) {
    removeQuietly(files, temporary)
    throw error
  }
}

/** What cannot be removed now is removed at the next start. */
function removeQuietly(files: FileSystem, path: string): void {
  try {
    files.removeNow(path)
  } catch (error) {
    if ((error as { code?: string }).code === undefined) throw error
  }
}
