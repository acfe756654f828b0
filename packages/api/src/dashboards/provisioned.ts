import type { Dashboard } from '@vantage/model/dashboards'

export interface ProvisionedDashboard {
  readonly document: Dashboard
  /** Its name, without folders. */
  readonly file: string
  /** True for those that come with the product. */
  readonly isBuiltIn: boolean
}

/** A file that holds no dashboard. */
export interface RefusedDashboard {
  /** Its name, without folders. */
  readonly file: string
  readonly message: string
}

export interface FoundDashboards {
  /** By title; of two with one id the file of the operator stands. */
  readonly dashboards: readonly ProvisionedDashboard[]
  readonly refused: readonly RefusedDashboard[]
}

/** Dashboards that files hold: those of the product, and those of the configured folder as it is now. */
export interface Provisioned {
  find(): Promise<FoundDashboards>
}
