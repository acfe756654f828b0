import type { LabelFilter, Stage } from '../language/plan.ts'
import type { LogqlLimits } from '../limits.ts'
import { decolorizeStep, dropStep, keepStep, labelFormatStep, lineFormatStep } from './format.ts'
import { jsonPathStep, jsonStep } from './json.ts'
import { labelFilterStep } from './label-filter.ts'
import { lineFilterStep } from './line-filter.ts'
import { logfmtKeyStep, logfmtStep } from './logfmt.ts'
import { patternStep } from './pattern.ts'
import { regexpStep } from './regexp.ts'
import { ALL_LABELS, type RowStep, type StepOptions } from './stage.ts'
import { unpackStep } from './unpack.ts'

/** Makes a stage ready to run. @throws FaultError where its pattern, template or path is not well formed */
export function compileStage(stage: Stage, limits: LogqlLimits, options: StepOptions): RowStep {
  switch (stage.kind) {
    case 'lineFilter':
      return lineFilterStep(stage.op, stage.operands, limits)
    case 'labelFilter':
      return labelFilterStep(stage.filter)
    case 'json':
      return stage.extractions.length === 0 ? jsonStep(options) : jsonPathStep(stage.extractions, options)
    case 'logfmt': {
      const { isStrict, keepsEmpty, extractions } = stage
      if (extractions.length > 0) return logfmtKeyStep(extractions, isStrict, keepsEmpty, options)
      return logfmtStep(isStrict, keepsEmpty, options)
    }
    case 'pattern':
      return patternStep(stage.pattern)
    case 'regexp':
      return regexpStep(stage.pattern, limits, options)
    case 'unpack':
      return unpackStep(options)
    case 'lineFormat':
      return lineFormatStep(stage.template, options)
    case 'labelFormat':
      return labelFormatStep(stage.formats, options)
    case 'decolorize':
      return decolorizeStep()
    case 'drop':
      return dropStep(stage.choices)
    case 'keep':
      return keepStep(stage.choices)
  }
}

/** @throws FaultError as `compileStage` does */
export function checkStage(stage: Stage, limits: LogqlLimits): void {
  compileStage(stage, limits, ALL_LABELS)
}

export function checkFilter(filter: LabelFilter): void {
  labelFilterStep(filter)
}
