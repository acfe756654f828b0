import type { ProtobufWriter } from '@vantage/bytes'
import type { Labels } from '@vantage/model'

/** Appends `labels` (field 1) of a series: Label 1 name 2 value. */
export function writeLabels(out: ProtobufWriter, labels: Labels): void {
  for (let i = 0; i < labels.length; i += 2) {
    const label = out.open(0x0a)
    out.text(0x0a, labels[i] as string)
    out.text(0x12, labels[i + 1] as string)
    out.close(label)
  }
}
