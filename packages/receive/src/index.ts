export {
  Auth,
  type AuthOptions,
  type Credential,
  type GivenKey,
  httpCredentialSource,
  SCOPES,
  type Scope,
} from './auth.ts'
export { DOOR_PATHS, registerDoors } from './doors.ts'
export { startExportGrpc } from './grpc.ts'
export { type GrpcQueryMethod, startQueryGrpc } from './grpc-query-door.ts'
export type { GrpcServer } from './grpc-server.ts'
export { HostCollector } from './host/collector.ts'
export type { HostSample } from './host/host-sample.ts'
export { type HostSources, systemSources } from './host/sources.ts'
export { sendAnswer } from './http-reply.ts'
export { httpServerOptions, limitConnections, watchSilentConnections } from './http-server.ts'
export { serveBesideHttp1 } from './http2/beside-http1.ts'
export { type InfluxUdpDoor, openInfluxUdp } from './influx-udp.ts'
export type { IntakeAccepted, IntakeFault, IntakeRequest, ItemProblem, SubmitIntake } from './intake.ts'
export { type JaegerUdpDoor, openJaegerUdp } from './jaeger-udp.ts'
export { RECEIVE_LIMITS, type ReceiveLimits } from './limits.ts'
export { type RecentRequest, RecentRequests } from './recent.ts'
export {
  openReception,
  type PartialSuccess,
  type Phase,
  type ReceiveCodec,
  type Reception,
  type ReceptionOptions,
} from './reception.ts'
export { withRetryAfter } from './retry-after.ts'
export type { FetchedBody } from './scrape/fetch-body.ts'
export type { Access, Discovery, ScrapeJob, TargetGroup } from './scrape/job.ts'
export type { Scrape, ScrapeSink, StoredScrape, TargetState } from './scrape/loop.ts'
export { type ActiveTarget, type NamedJob, ScrapeManager } from './scrape/manager.ts'
export { expositionForm, SCRAPE_PROTOCOLS, type ScrapeProtocol, TEXT_PROTOCOLS } from './scrape/protocols.ts'
export {
  type LabelMap,
  RELABEL_ACTIONS,
  type RelabelRule,
  type RelabelStep,
  relabel,
  relabelSteps,
} from './scrape/relabel.ts'
export type { DroppedTarget, Target } from './scrape/target.ts'
export { openStatsd, openStatsdSocket, type StatsdDoor, type StatsdDoorOptions } from './statsd.ts'
export { startStreamDoor } from './stream/door.ts'
export { openTextDoors, SHARED_DOOR_PATHS, type TextDoors } from './text-doors.ts'
export type {
  JsonLineNames,
  ReadPushes,
  ReadText,
  ReadTextOptions,
  TextCodec,
  TextSeries,
} from './text-doors-codec.ts'
export { QuietCounts, type QuietDoorOptions } from './udp.ts'
