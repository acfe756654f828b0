import { CHART_THEMES, formatExact, formatValue, slotColour, type Unit } from '@vantage/charts'
import { type BarRow, type Gauge, type Pie, paintGauge, paintPie, pieSummary } from '@vantage/charts/panels'
import type { Tone } from '@vantage/model/dashboards'
import { CircleAlert, TriangleAlert } from 'lucide-react'
import { useCallback } from 'react'
import { usePreferences } from '../app/preferences.ts'
import { FigureText } from '../parts/figure-text.tsx'
import { SparkPaths } from '../parts/spark-paths.tsx'
import { RATIO } from '../services/units.ts'
import { CanvasPicture } from './canvas-picture.tsx'
import type { StatItem } from './panel-view.ts'

const SPARK = { width: 120, height: 32 }

/** Shape and word beside the colour, where something is not well. */
function ToneMark({ tone }: { readonly tone: Tone }) {
  if (tone !== 'warning' && tone !== 'critical') return null
  const Mark = tone === 'critical' ? CircleAlert : TriangleAlert
  return (
    <>
      <Mark className="icon" aria-hidden="true" />
      <span className="visually-hidden">{tone}</span>
    </>
  )
}

/** The last values, large. */
export function StatFigures({ items, unit }: { readonly items: readonly StatItem[]; readonly unit: Unit }) {
  return (
    <ul className="stat-figures">
      {items.map(({ key, label, value, tone, trend }) => (
        <li key={key} data-tone={tone}>
          <div>
            <span className="stat-value" title={formatExact(value)}>
              <span>
                <FigureText text={formatValue(value, unit)} />
              </span>{' '}
              <ToneMark tone={tone} />
            </span>
            {label !== '' && <span className="stat-label">{label}</span>}
          </div>
          <svg viewBox={`0 0 ${SPARK.width} ${SPARK.height}`} preserveAspectRatio="none" aria-hidden="true">
            <SparkPaths values={trend} {...SPARK} />
          </svg>
        </li>
      ))}
    </ul>
  )
}

type GaugeItem = Gauge & { readonly key: string; readonly label: string }

export function GaugeFigures({ items, unit }: { readonly items: readonly GaugeItem[]; readonly unit: Unit }) {
  return (
    <ul className="gauge-figures">
      {items.map((item) => (
        <GaugeFigure key={item.key} item={item} unit={unit} />
      ))}
    </ul>
  )
}

function GaugeFigure({ item, unit }: { readonly item: GaugeItem; readonly unit: Unit }) {
  const { value, max, thresholds, label } = item
  // What is drawn follows from these alone; the item is another object after each answer.
  const paint = useCallback<Parameters<typeof CanvasPicture>[0]['paint']>(
    (canvas, theme, box) => paintGauge(canvas, { value, max, thresholds }, theme, box),
    [value, max, thresholds],
  )
  const text = formatValue(value, unit)
  return (
    <li>
      <CanvasPicture label={`${text} of ${formatValue(max, unit)} ${label}`} paint={paint} />
      <span className="gauge-value" title={formatExact(value)}>
        <span>
          <FigureText text={text} />
        </span>
      </span>
      {label !== '' && <span className="stat-label">{label}</span>}
    </li>
  )
}

interface BarFiguresProps {
  readonly rows: readonly BarRow[]
  readonly unit: Unit
}

/** Values by size, each with a bar; rows of a table, so that they are read as they are drawn. */
export function BarFigures({ rows, unit }: BarFiguresProps) {
  return (
    <div className="bar-figures">
      <ul>
        {rows.map(({ key, label, value, share, tone }) => (
          <li key={key} data-tone={tone}>
            <span className="bar-label" title={label}>
              {label === '' ? 'value' : label}
            </span>
            <span className="bar-track" aria-hidden="true">
              <span style={{ width: `${share * 100}%` }} />
            </span>
            <span className="number" title={formatExact(value)}>
              <ToneMark tone={tone} /> {formatValue(value, unit)}
            </span>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** Parts of a whole, with their names and shares beside them. */
export function PieFigure({ pie, unit }: { readonly pie: Pie; readonly unit: Unit }) {
  const theme = CHART_THEMES[usePreferences((one) => one.drawnTheme)]
  const paint = useCallback<Parameters<typeof CanvasPicture>[0]['paint']>(
    (canvas, drawn, box) => paintPie(canvas, pie, drawn, box),
    [pie],
  )
  return (
    <div className="pie-figure">
      <div className="pie-ring">
        <CanvasPicture label={pieSummary(pie)} paint={paint} />
        <span className="pie-total">{formatValue(pie.total, unit)}</span>
      </div>
      <ul>
        {pie.slices.map(({ label, value, share, slot }) => (
          <li key={label}>
            <span className="pie-mark" style={{ background: slotColour(theme, slot) }} aria-hidden="true" />
            <span className="bar-label" title={label}>
              {label}
            </span>
            <span className="number">{formatValue(value, unit)}</span>
            <span className="number">{formatValue(share, RATIO)}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
