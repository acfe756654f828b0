import type { TimeRange } from '@vantage/model'
import type { DashboardVariable } from '@vantage/model/dashboards'
import { ChevronDown } from 'lucide-react'
import { useState } from 'react'
import { client } from '../app/client.ts'
import { navigateSearch } from '../app/router.ts'
import { useAsked } from '../explore/use-asked.ts'
import { Faults } from '../parts/faults.tsx'
import { Popover } from '../parts/popover.tsx'
import { CHOSEN_MAX, type Choices, choiceChange, filledText } from './fill.ts'
import { panelRange } from './panel-answer.ts'

/** Values that a menu lists at once; typing finds the others. */
const VALUES_SHOWN = 100

interface VariablesBarProps {
  readonly variables: readonly DashboardVariable[]
  readonly choices: Choices
  readonly range: TimeRange
}

/** What all panels are narrowed to. */
export function VariablesBar({ variables, choices, range }: VariablesBarProps) {
  if (variables.length === 0) return null
  return (
    <fieldset className="variables" aria-label="Narrow all panels">
      {variables.map((variable) => (
        <VariableMenu key={variable.name} variable={variable} choices={choices} range={range} />
      ))}
    </fieldset>
  )
}

interface VariableMenuProps extends Omit<VariablesBarProps, 'variables'> {
  readonly variable: DashboardVariable
}

function VariableMenu({ variable, choices, range }: VariableMenuProps) {
  const { name, title } = variable
  const chosen = choices.get(name) ?? []
  const [isOpen, setOpen] = useState(false)
  return (
    <Popover
      label={title}
      kind="dialog"
      triggerLabel={`${title}: ${chosen.length === 0 ? 'all' : chosen.join(', ')}`}
      triggerClass="button variable"
      panelClass="start variable-panel"
      isOpen={isOpen}
      onOpenChange={setOpen}
      trigger={
        <>
          <span className="variable-name">{title}</span>
          <strong>{chosenText(chosen)}</strong>
          <ChevronDown className="icon" aria-hidden="true" />
        </>
      }
    >
      {() => <Values variable={variable} choices={choices} range={range} chosen={chosen} />}
    </Popover>
  )
}

function chosenText(chosen: readonly string[]): string {
  const [first] = chosen
  if (first === undefined) return 'all'
  return chosen.length === 1 ? first : `${first} + ${chosen.length - 1}`
}

type ValuesProps = VariableMenuProps & { readonly chosen: readonly string[] }

function Values({ variable, choices, range, chosen }: ValuesProps) {
  const { name, title, label } = variable
  const [find, setFind] = useState('')
  const query = filledText(variable.query, choices, panelRange('table', range))
  const asked = useAsked(JSON.stringify([query, range.endMs]), (signal) =>
    client.queryInstant(query, range.endMs, signal),
  )
  const data = asked.answer?.data
  const found = data?.kind === 'vector' ? data.samples.map(({ metric }) => metric[label] ?? '') : []
  const all = [...new Set([...chosen, ...found])].filter((value) => value !== '').sort()
  const matching = all.filter((value) => value.toLowerCase().includes(find.toLowerCase()))
  const choose = (values: readonly string[]) => navigateSearch(choiceChange(name, values.slice(0, CHOSEN_MAX)))
  const toggle = (value: string) => {
    choose(chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value])
  }
  return (
    <>
      <div className="variable-find">
        <label className="field">
          <span className="visually-hidden">Find {title}</span>
          <input value={find} placeholder="Find" autoComplete="off" onChange={(event) => setFind(event.target.value)} />
        </label>
        <button type="button" className="button small" disabled={chosen.length === 0} onClick={() => choose([])}>
          All
        </button>
      </div>
      <Faults of={{ [title]: { ...asked, query } }} />
      <ul className="variable-values">
        {matching.slice(0, VALUES_SHOWN).map((value) => (
          <li key={value}>
            <label className="menu-item">
              <input type="checkbox" checked={chosen.includes(value)} onChange={() => toggle(value)} />
              <span>{value}</span>
            </label>
          </li>
        ))}
      </ul>
      {matching.length > VALUES_SHOWN && (
        <p className="panel-note">{matching.length - VALUES_SHOWN} more: type to find.</p>
      )}
      {matching.length === 0 && !asked.isLoading && <p className="panel-none">Nothing is called that.</p>}
    </>
  )
}
