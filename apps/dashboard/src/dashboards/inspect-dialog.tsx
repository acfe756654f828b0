import { formatMs } from '@vantage/charts'
import type { Panel } from '@vantage/model/dashboards'
import { Copy } from 'lucide-react'
import { copyText } from '../app/toast.tsx'
import type { Asked } from '../explore/use-asked.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Faults } from '../parts/faults.tsx'
import { IconButton } from '../parts/icon-button.tsx'
import type { PanelAnswer } from './panel-answer.ts'
import { TwinRows } from './row-panels.tsx'
import type { Twin } from './twin.ts'

interface InspectDialogProps {
  readonly panel: Panel
  readonly asked: Asked<PanelAnswer>
  readonly twin: Twin | undefined
  readonly onClose: () => void
}

/** What a panel asked, how long that took, and what came. */
export function InspectDialog({ panel, asked, twin, onClose }: InspectDialogProps) {
  const { answer } = asked
  return (
    <Dialog title={panel.title} onClose={onClose}>
      <div className="dialog-body inspect">
        {panel.description !== '' && <p>{panel.description}</p>}
        {panel.queries.map(({ language, text }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: queries stand in the order of the document.
          <div key={i} className="inspect-query">
            <div className="inspect-head">
              <h3>{language}</h3>
              <IconButton label={`Copy query ${i + 1}`} icon={Copy} onClick={() => void copyText(text, 'Query')} />
            </div>
            <pre className="code">{text}</pre>
          </div>
        ))}
        <Faults of={{ [panel.title]: asked }} />
        {answer !== undefined && (
          <p className="panel-note">
            {formatMs(answer.range.stepMs)} step · answered in {formatMs(answer.elapsedMs)}
          </p>
        )}
        {twin !== undefined && twin.rows.length > 0 && <TwinRows title={panel.title} twin={twin} />}
      </div>
    </Dialog>
  )
}
