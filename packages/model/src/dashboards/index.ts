export type {
  BarsPanel,
  Dashboard,
  DashboardVariable,
  GaugePanel,
  NamedState,
  Panel,
  PanelQuery,
  StateTimelinePanel,
  StatPanel,
  TablePanel,
  Threshold,
  TimeSeriesPanel,
  Tone,
  UnitName,
} from './document.ts'
export { readDashboard } from './read-dashboard.ts'
