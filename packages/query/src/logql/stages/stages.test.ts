import { testSeed } from '@vantage/model/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseLogql } from '../language/parser.ts'
import { LOGQL_LIMITS } from '../limits.ts'
import { compileStage } from './compile.ts'
import { requiredLiteral } from './patterns.ts'
import { Row } from './row.ts'

const seed = testSeed()
const OPTIONS = { needsNoLabels: false, preservesErrors: false, nowNs: 1_700_000_000_000_000_000n }

function run(pipeline: string, line: string, stream: readonly string[] = []): Row | undefined {
  const plan = parseLogql(`{a="b"} ${pipeline}`)
  if (!plan.ok || plan.value.kind !== 'selector') throw new Error(plan.ok ? 'no selector' : plan.error.message)
  const row = new Row()
  row.reset(stream)
  row.line = line
  row.timeNs = 1_700_000_000_123_456_789n
  const isKept = plan.value.stages.every((stage) => compileStage(stage, LOGQL_LIMITS, OPTIONS)(row))
  return isKept ? row : undefined
}

/** The line that a template writes for a row with the labels `a`, `b` and `n`. */
test.each([
  ['{{.a}}-{{ .none }}-{{.b}}', 'x-- y '],
  ['{{- .a -}}  {{/* note */}} !', 'x !'],
  ['{{if and .a (eq .n "42")}}yes{{else if .b}}b{{else}}no{{end}}', 'yes'],
  ['{{with .none}}{{.}}{{else}}nothing{{end}}', 'nothing'],
  ['{{ range $i, $one := fromJson `["p","q"]` }}{{$i}}{{$one}}{{end}}', '0p1q'],
  ['{{ range fromJson `[1,2,3]` }}{{ if eq . 2.0 }}{{break}}{{end}}{{.}}{{end}}', '1'],
  ['{{ $x := "one" }}{{ $x = "two" }}{{ $x }}', 'two'],
  ['{{ (fromJson `{"k":{"v":[true,null]}}`).k.v }}', '[true <no value>]'],
  ['{{ printf "%05.1f|%-4s|%4d|%q|%x|%%" 3.14159 .a 7 .b 255 }}', '003.1|x   |   7|" y "|ff|%'],
  [
    '{{ add 1 2 3 }} {{ sub 5 7 }} {{ mul 2 3 }} {{ div 7 2 }} {{ mod 7 4 }} {{ max 1 9 3 }} {{ min 4 2 }}',
    '6 -2 6 3 3 9 2',
  ],
  [
    '{{ addf 0.1 0.2 }} {{ divf 1 3 }} {{ round 2.567 1 }} {{ ceil 1.2 }} {{ mulf 1000 1000 }}',
    '0.3 0.3333333333333333 2.6 2 1e+06',
  ],
  ['{{ .n | int | add 1 }} {{ .n | float64 | divf 84 }} {{ int "x" }}', '43 2 0'],
  ['{{ __timestamp__ | date "2006-01-02T15:04:05.000Z07:00 Mon Jan _2" }}', '2023-11-14T22:13:20.123Z Tue Nov 14'],
  ['{{ __timestamp__ | unixEpochMillis }} {{ now | unixEpoch }}', '1700000000123 1700000000'],
  ['{{ toDate "02/Jan/2006:15:04:05 -0700" "17/May/2015:10:05:03 +0200" | unixEpoch }}', '1431849903'],
  ['{{ "2024-01-01 12:00" | toDateInZone "2006-01-02 15:04" "America/New_York" | date "15:04 -0700" }}', '12:00 -0500'],
  ['{{ regexReplaceAll "(x)(.)?" .a "<$1>" }}{{ count "l+" __line__ }}', '<x>1'],
  ['{{ .a | repeat 3 | indent 2 }}{{ alignLeft 3 .a }}|{{ alignRight 3 .a }}', '  xxxx  |  x'],
  ['{{ index (fromJson `{"k":[5,6]}`) "k" 1 }} {{ len .a }} {{ slice "abc" 1 2 }}', '6 1 b'],
  ['{{ range fromJson "no JSON" }}x{{ else }}none{{ end }}[{{ fromJson "{" }}]', 'none[]'],
  ['{{ range $i := 3 }}{{ $i }}{{ end }}', '012'],
  [
    '{{ round 123.88571428571 5 .2 }} {{ round 123.88571428571 5 }} {{ round -2.5 0 }} {{ round 2.675 2 }}',
    '123.88572 123.88571 -3 2.68',
  ],
  ['{{ print 1 2 "a" "b" 3 true 4 }}|{{ println .a 1 }}', '1 2ab3 true 4|x 1\n'],
  [
    '{{ urlquery "a b&c" }} {{ js "it\'s <b> = \\"q\\"" }} {{ html "<b>" }}',
    'a+b%26c it\\\'s \\u003Cb\\u003E \\u003D \\"q\\" &lt;b&gt;',
  ],
  ['{{ printf "%d %d %s %t" .n 5 6 "yes" }}', '%!d(string=42) 5 %!s(int=6) %!t(string=yes)'],
  [
    '{{ printf "%+d|% d|%03d|%.3d|%#x|%o|%b|%c|%U|%q" 5 5 -5 5 255 8 5 65 65 65 }}',
    "+5| 5|-05|005|0xff|10|101|A|U+0041|'A'",
  ],
  ['{{ printf "%*d|%-*d|%.*f|%[2]*[1]d" 5 42 4 7 2 3.14159 }}', `   42|7   |3.14|${'5'.padStart(42)}`],
  [
    '{{ printf "%[2]v-%[1]v" "a" "b" }} {{ printf "%[3]v" 1 }} {{ printf "%" }} {{ printf "%z" 1 }}',
    'b-a %!v(BADINDEX) %!(NOVERB) %!z(int=1)',
  ],
  [
    '{{ printf "%s" }} {{ printf "x" 1 "a" }} {{ printf "%v %v" nil 1.5 }} {{ printf "%T %T" .a 1 }}',
    '%!s(MISSING) x%!(EXTRA int=1, string=a) <nil> 1.5 string int',
  ],
  [
    '{{ printf "%6.2f|%-8.3s|%08.3f|%e|%g|%G|%.3g" 3.14159 "abcdef" -3.14159 12345.678 1e21 1e-7 1234567.0 }}',
    '  3.14|abc     |-003.142|1.234568e+04|1e+21|1E-07|1.23e+06',
  ],
  [
    '{{ printf "%x|% X|%q|%5t|%v" "hi" "hi" .b true (fromJson `{"k":[1,"s"]}`) }}',
    '6869|68 69|" y "| true|map[k:[1 s]]',
  ],
  ['{{ lt 1 2 }} {{ ge "b" "a" }} {{ ne .a "x" }} {{ not .none }} {{ or .none .a }}', 'true true false true x'],
  ['{{ .b | trim | title }} {{ trimPrefix "x" .a }}{{ hasPrefix "x" .a }} {{ b64enc .a | b64dec }}', 'Y true x'],
  ['{{ bytes "2KiB" }} {{ duration "1m30s" }} {{ unixToTime "1700000000" }}', '2048 90 2023-11-14 22:13:20 +0000 UTC'],
])('line_format %s', (template, want) => {
  const row = run(`| line_format ${JSON.stringify(template)}`, 'hello', ['a', 'x', 'b', ' y ', 'n', '42'])
  expect(row?.error === '' ? row.line : row?.errorDetails).toBe(want)
})

test.each([
  ['{{ div 1 0 }}', 'template: line:1:3: executing "line" at <div 1 0>: error calling div: division by zero'],
  [
    'x\n{{ index (fromJson `[1]`) 5 }}',
    'template: line:2:3: executing "line" at <index ( fromJson `[1]` ) 5>: error calling index: index out of range: 5',
  ],
  [
    '{{.a | bytes }}',
    'template: line:1:7: executing "line" at <bytes>: error calling bytes: strconv.ParseFloat: parsing "": invalid syntax',
  ],
  [
    '{{ eq .n 42 }}',
    'template: line:1:3: executing "line" at <eq .n 42>: error calling eq: incompatible types for comparison',
  ],
  [
    '{{ lt 1 1.5 }}',
    'template: line:1:3: executing "line" at <lt 1 1.5>: error calling lt: incompatible types for comparison',
  ],
  ['{{.a ToUpper "x"}}', 'template: line:1:2: executing "line" at <.a>: a is not a method but has arguments'],
  [
    '{{ repeat 100000000 "x" }}',
    'template: line:1:3: executing "line" at <repeat 100000000 "x">: error calling repeat: want at most 1048576 characters, got more',
  ],
  [
    '{{ range fromJson .j }}{{ range fromJson $.j }}{{ range fromJson $.j }}x{{end}}{{end}}{{end}}',
    'want at most 100000 steps, got more',
  ],
  ['{{ .a.b }}', "can't evaluate field b in type string"],
])('line_format fails: %s', (template, want) => {
  const list = JSON.stringify(Array.from({ length: 100 }, (_, i) => i))
  const plain = template.replace('{{ .a.b }}', '{{ ("x").b }}')
  const row = run(`| line_format ${JSON.stringify(plain)}`, 'hello', ['a', 'x', 'j', list])
  expect([row?.error, row?.errorDetails, row?.line]).toEqual(['TemplateFormatErr', want, 'hello'])
})

/** What a parser says of a line that it cannot read. */
test.each([
  ['| json', '{n}', "Value looks like object, but can't find closing '}' symbol"],
  ['| json', 'no', "Value looks like object, but can't find closing '}' symbol"],
  ['| json', '{', 'Malformed JSON error'],
  ['| json', '{"a', 'Malformed JSON error'],
  ['| json', '{"a":"b', "Value is string, but can't find closing '\"' symbol"],
  ['| json', '{"a":[1', "Value is array, but can't find closing ']' symbol"],
  ['| json', '{"a":yes}', 'Unknown value type'],
  ['| json', '{"a":1', "Value is array, but can't find closing ']' symbol"],
  ['| json', '{"a":1,', "Value is array, but can't find closing ']' symbol"],
  ['| json', '{"a":1,}', undefined],
  ['| json', '{"a":1} behind', undefined],
  ['| unpack', 'no', 'expecting json object(6), but it is not'],
  ['| unpack', '{"a":"b"', "Value is array, but can't find closing ']' symbol"],
  ['| unpack', '{a}', "Value looks like object, but can't find closing '}' symbol"],
  ['| logfmt --strict', 'a="b', 'logfmt syntax error at pos 5 : unterminated quoted value'],
])('%s of %s', (stage, line, want) => {
  expect(run(stage, line)?.get('__error_details__')).toBe(want)
})

test.each([
  ['{{ .a | nosuch }}', 'function "nosuch" not defined'],
  ['{{ if .a }}x', 'unexpected EOF'],
  ['{{ end }}', 'unexpected {{end}}'],
  ['{{ .a ', 'unclosed action'],
  ['{{ $x }}', 'undefined variable'],
  ['{{ "a }}', 'unterminated quoted string'],
  ['{{ template "x" }}', 'not supported'],
  ['{{ break }}', 'outside {{range}}'],
  [`${'{{if .a}}'.repeat(40)}${'{{end}}'.repeat(40)}`, 'blocks inside each other'],
])('templates refused: %s', (template, want) => {
  const parsed = parseLogql(`{a="b"} | line_format ${JSON.stringify(template)}`)
  expect(parsed.ok ? '' : parsed.error.message).toContain(want)
})

test.each([
  ['foo', 'foo'],
  ['.*foo.*', 'foo'],
  ['foo.*barbar', 'barbar'],
  ['fo*bar', 'bar'],
  ['^GET /x$', 'GET /x'],
  ['a\\.b', 'a'],
  ['foo|bar', ''],
  ['(foo)', ''],
  ['(?i)foo', ''],
  ['[a]foo', 'foo'],
  ['timeout after [0-9]+ms', 'timeout after '],
  ['[^abc]*xyz[a-z]', 'xyz'],
  ['[]a]foo', ''],
  ['[^]x]foo', ''],
  ['[[:alpha:]]foo', ''],
  ['[\\]]foo', ''],
  ['foo]', ''],
  ['fo{2}', ''],
  ['\\x41foo', ''],
])('every match of %s holds %s', (pattern, want) => {
  expect(requiredLiteral(pattern)).toBe(want)
})

const ALL_STAGES =
  '| json | logfmt --keep-empty | pattern `<p> <q>=<r>` | regexp `(?P<s>[a-z]+)` | unpack | json t="a[0].b" | logfmt u="k" ' +
  '| line_format `{{.p | upper}} {{ __line__ }}` | label_format v=`{{.q | default "-"}}`, w=p | decolorize | drop x | keep p, q, w'

test(`stages take any line (seed ${seed})`, () => {
  const lines = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.json(),
    fc
      .array(
        fc.constantFrom('{', '}', '"', ':', ',', '[', ']', '=', ' ', 'a', '\\', '\\u12', '_entry', '1', '\u001b[31m'),
        { maxLength: 30 },
      )
      .map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(lines, (line) => {
      const row = run(ALL_STAGES, line, ['app', 'x'])
      expect(row?.labels().length).toBeGreaterThanOrEqual(0)
    }),
    { seed, numRuns: 1000 },
  )
})
