import type { DifferenceRow, FoundDifference } from '@vantage/api/client'
import { formatValue } from '@vantage/charts'
import { useRef } from 'react'
import type { Jump } from '../app/jump.ts'
import { Link } from '../app/link.tsx'
import { navigatePath } from '../app/router.ts'
import { type Among, rowJump } from '../drill/explain-model.ts'
import type { Asked } from '../explore/use-asked.ts'
import { Faults } from '../parts/faults.tsx'
import { useValueKeys, valueMark } from '../parts/value-keys.ts'
import { ValueMenu } from '../parts/value-menu.tsx'
import { RATIO } from './units.ts'

interface DifferenceRowsProps {
  readonly asked: Asked<FoundDifference>
  /** What the selected ones are called. */
  readonly kind: string
  /** What was selected; undefined until it is known. */
  readonly among: Among | undefined
}

/** Attributes that more of a selection have than of the others, each with both shares and the way to those that have it. */
export function DifferenceRows({ asked, kind, among }: DifferenceRowsProps) {
  return (
    <>
      <Faults of={{ 'What is different': asked }} />
      {asked.isLoading && (asked.answer?.rows.length ?? 0) === 0 && <p className="service-none">Comparing …</p>}
      {asked.answer !== undefined && <Rows found={asked.answer} kind={kind} among={among} />}
    </>
  )
}

interface RowsProps extends Pick<DifferenceRowsProps, 'kind' | 'among'> {
  readonly found: FoundDifference
}

function Rows({ found: { rows, selected, others }, kind, among }: RowsProps) {
  const list = useRef<HTMLOListElement>(null)
  useValueKeys((attribute, value, isWanted) => follow(among && rowJump(among, { attribute, value }, isWanted)), list)
  return (
    <>
      {rows.length === 0 ? (
        <p className="service-none">
          {selected === 0 ? 'There is none in this time.' : 'Nothing tells them from the others.'}
        </p>
      ) : (
        <ol ref={list} className="difference-list" aria-label={`What ${kind} ones have that others have not`}>
          {rows.map((row) => (
            <li key={`${row.attribute} ${row.value}`} {...valueMark(row.attribute, row.value)}>
              <Named row={row} among={among} />
              <Share name={kind} share={row.selectedShare} />
              <Share name="others" share={row.baselineShare} />
            </li>
          ))}
        </ol>
      )}
      <p className="difference-sample">
        {selected.toLocaleString('en')} {kind} and {others.toLocaleString('en')} {others === 1 ? 'other' : 'others'}{' '}
        were compared.
      </p>
    </>
  )
}

function follow(jump: Jump | undefined): void {
  if (jump !== undefined) navigatePath(jump.path, jump.params)
}

function Named({ row, among }: { readonly row: DifferenceRow } & Pick<DifferenceRowsProps, 'among'>) {
  const { attribute, value } = row
  const text = `${attribute} = ${value}`
  const [having, lacking] = [true, false].map((isWanted) => among && rowJump(among, row, isWanted))
  const actions = [
    { label: 'List those that have it', jump: having },
    { label: 'List those that have another', jump: lacking },
  ]
  return (
    <div className="difference-name">
      {having === undefined ? (
        <span className="code">{text}</span>
      ) : (
        <Link className="code" to={having.path} params={having.params} title={`List those with ${text}`}>
          {text}
        </Link>
      )}
      <ValueMenu
        name={attribute}
        value={value}
        actions={actions.flatMap(({ label, jump }) => (jump === undefined ? [] : [{ label, run: () => follow(jump) }]))}
      />
    </div>
  )
}

function Share({ name, share }: { readonly name: string; readonly share: number }) {
  return (
    <span className="difference-share" data-side={name === 'others' ? 'others' : 'selected'}>
      <span className="difference-bar" aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      <span className="number">{formatValue(share, RATIO)}</span> of {name}
    </span>
  )
}
