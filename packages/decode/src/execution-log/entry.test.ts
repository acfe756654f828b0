import { expect, test } from 'vitest'
import { readExecutionRow, standardize } from './entry.ts'

/** As the schedulers write one. */
const ENTRY = {
  No_Sequence: '2025-09-05-16-45',
  Date_Sequence: '05-09-2025',
  Heure_Sequence: '16',
  Minute_Sequence: '45',
  Entreprise: 'Northwind',
  Zone: '1-Raw',
  Source: 'Zoho',
  Objet_Id: 12,
  Objet: 'Contacts',
  Transformation: 'Extract',
  Etat: 'SUCCESS',
  Debut: '05-09-2025 16:45:03.123456',
  Fin: '05-09-2025 16:45:13.500000',
  'Duree secondes': 10.376544,
  Description: 'Extract of Contacts finished',
  'cpu_time (sec)': '2.594136',
  'memory_used (bytes)': 52_428_800,
}

function read(change: Readonly<Record<string, unknown>> = {}) {
  const text = JSON.stringify({ ...ENTRY, ...change })
  const row = readExecutionRow(text)
  if (typeof row === 'string') throw new Error(row)
  return row
}

test('every member of an entry has a name, a form and a unit of ours', () => {
  const row = read()
  expect(row.labels).toEqual({ log_type: 'execution', service_name: 'Zoho', company: 'Northwind' })
  expect(row.timeNs).toBe(BigInt(Date.UTC(2025, 8, 5, 16, 45, 13, 500)) * 1_000_000n)
  expect(row.fields).toEqual({
    entry_key: 'Northwind|2025-09-05-16-45|12',
    sequence: '2025-09-05-16-45',
    sequence_date: '2025-09-05',
    sequence_hour: '16',
    sequence_minute: '45',
    zone: '1-Raw',
    object: 'Contacts',
    object_id: '12',
    transformation: 'Extract',
    description: 'Extract of Contacts finished',
    status: 'success',
    start: '2025-09-05T16:45:03.123456Z',
    end: '2025-09-05T16:45:13.500000Z',
    duration_seconds: '10.376544',
    cpu_seconds: '2.594136',
    memory_bytes: '52428800',
    utilisation: '0.25',
    efficiency: '25',
  })
  // The entry stays as it was sent, French names and all.
  expect(JSON.parse(row.line)).toEqual({ level: 'info', ...ENTRY })
})

const cases: [string, object, object][] = [
  [
    'a failure that names its exception',
    { Etat: 'FAILED', Description: 'ValueError: no such column' },
    { status: 'failed', efficiency: '0', error_type: 'ValueError', error_message: 'no such column' },
  ],
  [
    'a failure with a status',
    { Etat: 'Erreur', Description: 'Erreur: HTTP 503 from the API' },
    { status: 'failed', error_type: 'HTTP 503', error_message: 'HTTP 503 from the API' },
  ],
  ['a failure that says nothing', { Etat: 'KO', Description: '' }, { status: 'failed', error_type: 'unknown' }],
  ['a state of its own', { Etat: 'RUNNING' }, { status: 'running' }],
  [
    'numbers as texts, with a comma',
    { 'Duree secondes': '10,5', 'cpu_time (sec)': ' 21 ' },
    { duration_seconds: '10.5', cpu_seconds: '21', utilisation: '2', efficiency: '100' },
  ],
  ['no duration: from start to end', { 'Duree secondes': '' }, { duration_seconds: '10.376544' }],
  ['no end: the start', { Fin: undefined }, { end: '2025-09-05T16:45:03.123456Z', duration_seconds: '10.376544' }],
  ['a duration that start and end contradict', { 'Duree secondes': 99 }, { quality: 'duration_differs' }],
  ['an end before the start', { Fin: '05-09-2025 16:00:00' }, { quality: 'duration_negative' }],
  [
    'times with the year first',
    { Debut: '2025-09-05T18:45:03+02:00', Date_Sequence: '2025-09-05' },
    { start: '2025-09-05T16:45:03.000000Z', sequence_date: '2025-09-05' },
  ],
]
test.each(cases)('%s', (_, change, fields) => {
  expect(read({ ...change }).fields).toMatchObject(fields)
})

test('memory below zero is a problem of quality, and no memory', () => {
  const { fields } = read({ 'memory_used (bytes)': -4_096 })
  expect(fields['quality']).toBe('memory_negative')
  expect(fields).not.toHaveProperty('memory_bytes')
})

const refused: [object, string][] = [
  ...Object.keys({ Entreprise: 0, No_Sequence: 0, Objet_Id: 0, Source: 0, Etat: 0, Debut: 0 }).map(
    (name): [object, string] => [{ [name]: ' ' }, `${name}: want a value, got none`],
  ),
  [{ Objet_Id: '1.5' }, 'Objet_Id: want a whole number, got "1.5"'],
  [{ Debut: '31-02-2025 10:00:00' }, 'Debut: want dd-mm-yyyy HH:MM:SS or RFC 3339, got "31-02-2025 10:00:00"'],
  [{ Fin: 'later' }, 'Fin: want dd-mm-yyyy HH:MM:SS or RFC 3339, got "later"'],
  [{ 'cpu_time (sec)': 'much' }, 'cpu_time (sec): want a number, got "much"'],
]
test.each(refused)('refused: %j', (change, message) => {
  const members = new Map(Object.entries({ ...ENTRY, ...change }).map(([name, value]) => [name, String(value)]))
  expect(standardize(members)).toBe(message)
})
