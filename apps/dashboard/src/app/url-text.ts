import { useCallback } from 'react'
import { useNavigate, useSearch } from './router.ts'

/**
 * A text that a person types, kept in the URL of the part of the page that asks: '' where there is none. Typing is no step of the
 * history.
 */
export function useUrlText(name: string): readonly [text: string, set: (text: string) => void] {
  const navigate = useNavigate()
  const set = useCallback((text: string) => navigate({ [name]: text || null }, { replace: true }), [navigate, name])
  return [useSearch().get(name) ?? '', set]
}

/** The same of what is on or off, where each change is a step of the history. */
export function useUrlSwitch(name: string): readonly [isOn: boolean, set: (isOn: boolean) => void] {
  const navigate = useNavigate()
  const set = useCallback((isOn: boolean) => navigate({ [name]: isOn ? '1' : null }), [navigate, name])
  return [useSearch().get(name) === '1', set]
}
