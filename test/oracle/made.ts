import { chartTgz, type Files } from '../registry/tar.ts';
import type { OracleChart, ValueSet } from './chart.ts';
import { faults } from './faults.ts';

const BOM = '\uFEFF';

/** A ConfigMap that shows the JSON of an expression. */
const show = (expression: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shown}\ndata: {shown: {{ ${expression} | toJson | quote }}}\n`;

const TWO_SETS: readonly ValueSet[] = [
  { name: 'a', text: '{"who": "ann", "list": [1, null]}' },
  { name: 'b', text: 'who: null\nlist: {"0": zero}\n---\nsecond: document\n' },
];

const chart = (name: string, files: Files, valueSets = TWO_SETS): OracleChart => ({
  name,
  files: { 'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 0.1.0\n`, ...files },
  valueSets,
});

const templates = (count: number): Files =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`templates/t${at}.yaml`, `{{- if ne ${at} 7 }}\n${show(`list .Values ${at}`)}{{- end }}`]));

const crlf = (text: string): string => text.replaceAll('\n', '\r\n');

/** Charts that read better in code than as files: bytes that cannot be seen, names and sizes beyond the usual, and faults. */
export const made: readonly OracleChart[] = [
  chart('byte-order-marks', {
    'Chart.yaml': `${BOM}apiVersion: v2\nname: byte-order-marks\nversion: 0.1.0\n`,
    'values.yaml': `${BOM}who: default\n`,
    'templates/x.yaml': `${BOM}${show('list .Values (.Files.Get "twice.txt")')}`,
    'twice.txt': `${BOM}${BOM}text`,
  }),
  chart('windows-lines', {
    'values.yaml': crlf('who: default\ntext: |\n  one\n  two\n'),
    'templates/x.yaml': crlf(`${show('.Values')}---\n${show('.Files.Lines "x.txt"')}`),
    'x.txt': crlf('a\nb\n'),
  }),
  chart('long-names', {
    [`templates/${'deep/'.repeat(30)}x.yaml`]: show('.Template.Name'),
    [`files/${'n'.repeat(150)}.txt`]: 'long',
    'templates/y.yaml': show('(.Files.Glob "files/*").AsConfig'),
  }),
  chart('odd-names', {
    'templates/with space.yaml': show('.Template'),
    'templates/é中.yaml': show('.Template'),
    'files/ü.txt': 'umlaut',
    'templates/x.yaml': show('.Files.Get "files/ü.txt"'),
  }),
  chart('many-templates', { ...templates(300), 'templates/_all.tpl': '{{ define "x" }}{{ end }}' }),
  chart('binary-files', {
    'icon.bin': Uint8Array.from({ length: 256 }, (_, byte) => byte),
    'templates/x.yaml': show('.Files.Get "icon.bin" | b64enc'),
    'templates/y.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: {name: binary}\ndata:\n{{ (.Files.Glob "*.bin").AsSecrets | indent 2 }}\n',
  }),
  chart('no-templates', { 'values.yaml': '# nothing\n', 'README.md': '' }),
  chart('values-of-many-documents', { 'values.yaml': 'a: 1\nt: {x: 1}\n---\nb: 2\nt: {y: 2}\n---\n\n---\na: 3\n', 'templates/x.yaml': show('.Values') }),
  chart('values-of-a-full-buffer', { 'values.yaml': `pad: ${'x'.repeat(4096 - 'pad: \nlast: here'.length)}\nlast: here`, 'templates/x.yaml': show('.Values.last') }),
  chart('provenance', {
    'charts/sub.tgz.prov': 'signed',
    'charts/sub.tgz': chartTgz('other', { 'Chart.yaml': 'name: sub\nversion: 1.0.0\n' }),
    'templates/x.yaml': show('.Files.Get "charts/sub.tgz.prov"'),
  }),
  chart('text-at-the-end', { 'templates/x.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: end}\ndata:\n  text: |\n    no newline after {{ .Values.who }}' }),
  ...faults.map(({ name, files }) => chart(name, files, TWO_SETS.slice(0, 1))),
];
