export type {
  AcceptedIntake,
  ExplainNode,
  LabelRecord,
  MatrixSeries,
  MetricInfo,
  QueryAnswer,
  QueryData,
  RecentIntake,
  RefusedIntake,
  ServerStats,
  VectorSample,
} from './answers.ts'
export type { ClientFault } from './client.ts'
export { VantageClient } from './client.ts'
export type { DashboardEntry, FoundDashboards } from './dashboards.ts'
export type { Exemplar } from './exemplars.ts'
export type {
  ChangeEvent,
  DifferenceQuestion,
  DifferenceRow,
  ExceptionGroup,
  FoundDifference,
  FoundExceptions,
} from './joins.ts'
export type { LiveMessage, LiveRequest, LiveSeries } from './live-messages.ts'
export { readLiveMessage } from './live-messages.ts'
export type {
  FoundTrace,
  LogField,
  LogLine,
  LogPattern,
  TraceEvent,
  TraceFigure,
  TraceLink,
  TraceSpan,
} from './records.ts'
export { readTailMessage } from './records.ts'
export type { SavedView, ViewDraft } from './views.ts'
