import type { RevisionNotes } from './record.ts';

/** Name and versions of the chart in the JSON that a release record has of it; what is not there is empty. Never throws on JSON. */
export const chartIn = (json: string): Pick<RevisionNotes, 'chartName' | 'chartVersion' | 'appVersion'> => {
  const metadata = member(JSON.parse(json), 'metadata');
  return { chartName: text(member(metadata, 'name')), chartVersion: text(member(metadata, 'version')), appVersion: text(member(metadata, 'appVersion')) };
};

const member = (value: unknown, key: string): unknown => (typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined);

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
