import { EditorView } from '@codemirror/view'

/** The dress of the editor. Custom properties reach into the shadow tree, rules of the page do not. */
export const editorTheme = EditorView.theme({
  '&': { color: 'var(--text)', backgroundColor: 'transparent', fontSize: '13px', borderRadius: '6px' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '1px' },
  '.cm-scroller': {
    fontFamily: 'var(--font-code)',
    fontVariantLigatures: 'none',
    lineHeight: '20px',
    maxHeight: '160px',
    overflow: 'auto',
  },
  '.cm-content': { padding: '5px 0', caretColor: 'var(--text)', minHeight: '30px' },
  '.cm-line': { padding: '0 10px' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-placeholder': { color: 'var(--text-3)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection': {
    backgroundColor: 'var(--accent-bg)',
  },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--accent-bg)', color: 'var(--text)' },
  '.cm-tooltip': {
    border: '1px solid var(--border-strong)',
    borderRadius: '8px',
    backgroundColor: 'var(--surface)',
    boxShadow: 'var(--overlay-shadow)',
    overflow: 'hidden',
    zIndex: '50',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': {
    fontFamily: 'var(--font-code)',
    fontSize: '12px',
    maxHeight: '260px',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '4px 10px', lineHeight: '20px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent-bg)', color: 'var(--text)' },
  '.cm-completionMatchedText': { color: 'var(--accent)', textDecoration: 'none', fontWeight: '600' },
  '.cm-completionDetail': { color: 'var(--text-3)', fontStyle: 'normal' },
  '.cm-tooltip.cm-completionInfo': {
    padding: '8px 10px',
    maxWidth: '320px',
    fontFamily: 'var(--font-text)',
    fontSize: '12px',
    color: 'var(--text-2)',
  },
  '.cm-diagnostic': { padding: '6px 10px', fontFamily: 'var(--font-text)', fontSize: '12px' },
  '.cm-diagnostic-error': { borderLeft: '3px solid var(--critical-fill)' },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--critical-fill)',
    textUnderlineOffset: '3px',
  },
})
