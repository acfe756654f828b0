import { useNavigate, useSearch } from '../app/router.ts'
import { Choice } from '../parts/choice.tsx'

const PARAM = 'edit'

/** Whether queries are shown as fields; in the URL, so that a link opens them the same way. */
export function useBuilder(): boolean {
  return useSearch().get(PARAM) === 'builder'
}

/** Builder or code: two views of the same text. */
export function EditMode() {
  const navigate = useNavigate()
  return (
    <Choice
      label="Edit as"
      value={useBuilder() ? 'builder' : 'code'}
      options={[
        { value: 'builder', label: 'Builder' },
        { value: 'code', label: 'Code' },
      ]}
      onChoose={(value) => navigate({ [PARAM]: value === 'builder' ? 'builder' : null })}
    />
  )
}
