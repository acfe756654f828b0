import type { Zone } from '@vantage/charts'
import type { TimeRange } from '@vantage/model'
import { CircleAlert, CircleCheck, TriangleAlert } from 'lucide-react'
import { Link } from '../app/link.tsx'
import { useUrlSwitch } from '../app/url-text.ts'
import { Fold } from '../parts/fold.tsx'
import { quoted } from '../services/service-queries.ts'
import { findingText, findingWindow } from './finding-text.ts'
import { FINDINGS_MAX, FINDINGS_RULE, type Finding, type FindingKind, type Judgement } from './findings.ts'

interface FindingsProps {
  readonly judgement: Judgement
  readonly range: TimeRange
  readonly zone: Zone
}

/** What is worse than before, the most severe three, and by which rule. */
export function Findings({ judgement, range, zone }: FindingsProps) {
  const { findings } = judgement
  const [isRuleShown, showRule] = useUrlSwitch('rule')
  return (
    <section className="findings" aria-labelledby="findings-title">
      <h2 id="findings-title" className="visually-hidden">
        Findings
      </h2>
      {findings.slice(0, FINDINGS_MAX).map((finding) => (
        <FindingStrip
          key={finding.service}
          finding={finding}
          range={range}
          zone={zone}
          onward={{ label: 'Open service', to: `/services/${encodeURIComponent(finding.service)}` }}
        />
      ))}
      {findings.length === 0 && <Calm judgement={judgement} />}
      {findings.length > FINDINGS_MAX && (
        <p className="finding-more">
          <Link to="/services">{moreText(findings.length - FINDINGS_MAX)}</Link>
        </p>
      )}
      <Fold className="finding-rule" isOpen={isRuleShown} onToggle={showRule} summary="How findings are made">
        <p>{FINDINGS_RULE}</p>
      </Fold>
    </section>
  )
}

function moreText(count: number): string {
  return count === 1 ? '1 more service is worse than before' : `${count} more services are worse than before`
}

function Calm({ judgement: { services, compared } }: { readonly judgement: Judgement }) {
  const text =
    compared === 0
      ? 'No service has had enough requests yet to compare with the time before.'
      : compared === services
        ? `Nothing stands out: all ${services} services do as before.`
        : `Nothing stands out: ${compared} of ${services} services were compared; the others have had too few requests.`
  return (
    <div className="notice finding-calm">
      <CircleCheck className="icon" aria-hidden="true" />
      <div>{text}</div>
    </div>
  )
}

interface FindingProps {
  readonly finding: Finding
  readonly range: TimeRange
  readonly zone: Zone
  /** Where else it leads, and under which name. */
  readonly onward: { readonly label: string; readonly to: string }
}

/** What is worse, since when, and the ways to why. */
export function FindingStrip({ finding, range, zone, onward }: FindingProps) {
  const { service, isCritical } = finding
  const { headline, detail } = findingText(finding, range, zone)
  const { startMs, endMs } = findingWindow(finding, range)
  const time = { from: String(startMs), to: String(endMs), live: '0' }
  const Mark = isCritical ? CircleAlert : TriangleAlert
  return (
    <article className={`notice finding ${isCritical ? 'critical' : 'warning'}`} aria-label={headline}>
      <Mark className="icon" aria-label={isCritical ? 'Critical' : 'Warning'} role="img" />
      <p>
        <Link to={`/services/${encodeURIComponent(service)}`} params={time} className="finding-headline">
          {headline}
        </Link>{' '}
        <span className="finding-detail">— {detail}</span>
      </p>
      <div className="actions">
        <Link className="button small" to="/explore/traces" params={{ ...time, ...tracesOf(finding) }}>
          {TRACES[finding.kind]}
        </Link>
        <Link className="button small" to={onward.to} params={time}>
          {onward.label}
        </Link>
      </div>
    </article>
  )
}

const TRACES: Readonly<Record<FindingKind, string>> = {
  errors: 'Failed traces',
  latency: 'Slowest traces',
  traffic: 'Traces',
}

function tracesOf({ service, kind }: Finding): { readonly q: string; readonly sort: string | null } {
  const own = `resource.service.name = ${quoted(service)}`
  return {
    q: kind === 'errors' ? `{ ${own} && status = error }` : `{ ${own} }`,
    sort: kind === 'latency' ? 'slowest' : null,
  }
}
