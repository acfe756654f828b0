import { Dialog } from '../parts/dialog.tsx'
import { setSingleKeys, usePreferences } from './preferences.ts'
import { isApple } from './rail.tsx'
import { keysText } from './shortcuts.ts'
import { useActiveShortcuts } from './use-shortcuts.ts'

/** What has a crosshair that keys move. */
const CHARTS = '.chart-host, .picture-canvas[tabindex]'
const CHART_KEYS: readonly (readonly [label: string, keys: string])[] = [
  ['Steps, with Shift ten', '← →'],
  ['First, last step', 'Home End'],
  ['Series, rows of a heatmap', '↑ ↓'],
  ['Begin a region, or drop it', 'Space'],
  ['What it leads to', '↵'],
]

/** Every key that works on this page. */
export function ShortcutList({ onClose }: { readonly onClose: () => void }) {
  const shortcuts = useActiveShortcuts()
  const hasSingleKeys = usePreferences((one) => one.hasSingleKeys)
  const apple = isApple()
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <div className="dialog-body">
        <div className="shortcuts">
          {shortcuts.map((shortcut) => (
            <div key={shortcut.keys}>
              {shortcut.label}
              <kbd>{keysText(shortcut.keys, apple)}</kbd>
            </div>
          ))}
        </div>
        {document.querySelector(CHARTS) !== null && (
          <>
            <h3 className="shortcut-part">On a chart that has the focus</h3>
            <div className="shortcuts">
              {CHART_KEYS.map(([label, keys]) => (
                <div key={keys}>
                  {label}
                  <kbd>{keys}</kbd>
                </div>
              ))}
            </div>
          </>
        )}
        <p className="shortcut-switch">
          <label>
            <input type="checkbox" checked={hasSingleKeys} onChange={(event) => setSingleKeys(event.target.checked)} />{' '}
            Single-key shortcuts
          </label>
        </p>
      </div>
    </Dialog>
  )
}
