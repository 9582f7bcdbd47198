import { ChartReleaseSpec, ChartReleaseStatus, DURATION, GROUP, KIND, PLURAL, VERSION } from './chart-release.ts';

type Schema = { readonly [keyword: string]: unknown };

/**
 * The CustomResourceDefinition, made from the schema of the type: a structural schema as
 * apiextensions.k8s.io/v1 wants it.
 */
export const chartReleaseCrd = (): Schema => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${PLURAL}.${GROUP}` },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: { kind: KIND, listKind: `${KIND}List`, plural: PLURAL, singular: 'chartrelease', shortNames: ['crel'], categories: ['all', 'tagalong'] },
    versions: [
      {
        name: VERSION,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: COLUMNS,
        schema: { openAPIV3Schema: { ...rootSchema(), 'x-kubernetes-validations': RULES } },
      },
    ],
  },
});

const COLUMNS: readonly Schema[] = [
  { name: 'Chart', type: 'string', jsonPath: '.status.chart.name' },
  { name: 'Version', type: 'string', jsonPath: '.status.chart.version' },
  { name: 'Revision', type: 'integer', jsonPath: '.status.revision' },
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  { name: 'Status', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Suspended', type: 'boolean', jsonPath: '.spec.suspend', priority: 1 },
  { name: 'Digest', type: 'string', jsonPath: '.status.chart.digest', priority: 1 },
  { name: 'Reference', type: 'string', jsonPath: '.spec.chart', priority: 1 },
];

/** What is no duration at all is the pattern's to refuse, in one message and not two. */
const atLeast = (field: 'interval' | 'timeout', least: string): string => `!self.spec.${field}.matches(r'${DURATION}') || duration(self.spec.${field}) >= duration('${least}')`;

const RULES: readonly Schema[] = [
  { rule: 'size(self.metadata.name) <= 63', message: 'the name must have at most 63 characters: it is a label of every object' },
  { rule: 'has(self.spec.releaseName) || size(self.metadata.name) <= 53', message: 'a Helm release name has at most 53 characters: set spec.releaseName' },
  { rule: atLeast('interval', '10s'), message: 'spec.interval must be at least 10s', fieldPath: '.spec.interval' },
  {
    rule: "!has(self.spec.version) || self.spec.chart.matches('^(oci://)?[^/@]+/[^:@]+$')",
    message: 'spec.version chooses the tag: spec.chart must have neither a tag nor a digest',
    fieldPath: '.spec.chart',
  },
  {
    rule: '!has(self.spec.valuesFrom) || self.spec.valuesFrom.all(v, !has(v.literal) || !v.literal || has(v.targetPath))',
    message: 'literal needs a targetPath: only one value can be taken as it is',
  },
  { rule: atLeast('timeout', '1s'), message: 'spec.timeout must be at least 1s', fieldPath: '.spec.timeout' },
];

const rootSchema = (): Schema => ({
  type: 'object',
  description: 'A Helm release that follows a chart in an OCI registry.',
  required: ['spec'],
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { type: 'object' },
    spec: structural(ChartReleaseSpec),
    status: structural(ChartReleaseStatus),
  },
});

/** A JSON schema as the API server takes it: only keywords it knows, free-form maps marked as such. */
const structural = (source: object): Schema => {
  const schema: Schema = { ...source };
  const kept = Object.entries(schema).filter(([key]) => KEPT.has(key));
  const out: Record<string, unknown> = Object.fromEntries(kept);
  if (Array.isArray(schema['enum'])) out['type'] = 'string';
  if (isSchema(schema['items'])) out['items'] = structural(schema['items']);
  if (isSchema(schema['patternProperties'])) out['x-kubernetes-preserve-unknown-fields'] = true;
  if (isSchema(schema['properties'])) {
    const properties = Object.entries(schema['properties']);
    out['properties'] = Object.fromEntries(properties.map(([name, property]) => [name, structural(isSchema(property) ? property : {})]));
    // The API server fills defaults in before it checks what is required.
    const required = properties.filter(([name, property]) => isRequired(schema, name) && !(isSchema(property) && 'default' in property)).map(([name]) => name);
    if (required.length > 0) out['required'] = required;
  }
  return out;
};

const KEPT: ReadonlySet<string> = new Set([
  'type',
  'description',
  'default',
  'enum',
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
]);

const isRequired = (schema: Schema, name: string): boolean => Array.isArray(schema['required']) && schema['required'].includes(name);

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value);
