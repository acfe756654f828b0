/**
 * Samples of one request: each costs 16 bytes in the batch but may cost 2 bytes on the wire, so a body's own cap
 * does not bound the memory behind it. A real sample takes 18 bytes: 32 MiB hold 1.9 M of them.
 */
export const SAMPLES_MAX_PER_REQUEST = 2_097_152

/** Native histograms of one request: each may become 2.6 KiB. */
export const HISTOGRAMS_MAX_PER_REQUEST = 131_072

/** Series runs of one request. */
export const ROWS_MAX_PER_REQUEST = 1_048_576

/** Log records or spans of one request: an empty record takes 2 bytes on the wire and 200 in a batch. */
export const RECORDS_MAX_PER_REQUEST = 262_144

/** Exemplars and metadata of one request: they become objects, so they are bounded more tightly. */
export const EXEMPLARS_MAX_PER_REQUEST = 65_536
export const METADATA_MAX_PER_REQUEST = 65_536

/** Bytes of one exemplar's labels together (names and values). Source: OpenMetrics 1.0 allows 128 characters; senders exceed it. */
export const EXEMPLAR_LABEL_BYTES_MAX = 1_024

/** Bytes of a metric's help text that are kept. */
export const HELP_BYTES_MAX = 4_096

/** Warnings of one request that are kept as text. */
export const WARNINGS_MAX = 16

/** Fields between two looks at the clock: some 20 µs of work. */
export const FIELDS_PER_CLOCK_READ = 2_048

/** Bytes of one line of a text protocol: what holds a whole label set many times over. */
export const LINE_BYTES_MAX = 262_144

/** Lines, and bytes of them, between two looks at the clock: some 200 µs of work. */
export const LINES_PER_CLOCK_READ = 256
export const LINE_BYTES_PER_CLOCK_READ = 32_768

/** Limits of a series' labels, from the configuration (`limits.*`). */
export interface LabelLimits {
  readonly maxLabels: number
  readonly maxLabelNameBytes: number
  readonly maxLabelValueBytes: number
}

/** For what must come out the same whatever the configuration is. */
export const NO_LABEL_LIMITS: LabelLimits = {
  maxLabels: Number.POSITIVE_INFINITY,
  maxLabelNameBytes: Number.POSITIVE_INFINITY,
  maxLabelValueBytes: Number.POSITIVE_INFINITY,
}

export const LABEL_LIMITS: LabelLimits = { maxLabels: 40, maxLabelNameBytes: 1_024, maxLabelValueBytes: 2_048 }

/** Limits of logs and spans, from the configuration (`limits.*`). */
export interface RecordLimits {
  readonly maxAttributes: number
  readonly maxAttributeBytes: number
  readonly maxLineBytes: number
}

/** Those of pushed streams, too. */
export interface PushLimits extends RecordLimits {
  readonly streamLabels: LabelLimits
}

export const RECORD_LIMITS: PushLimits = {
  maxAttributes: 128,
  maxAttributeBytes: 64 * 1024,
  maxLineBytes: 256 * 1024,
  streamLabels: { maxLabels: 15, maxLabelNameBytes: 1_024, maxLabelValueBytes: 2_048 },
}
