import { parseExact } from './exact-json.ts';
import type { ObjectRef } from './object-ref.ts';
import { type Fields, isFields } from './parsed-json.ts';

/**
 * JSON of a manifest with the `stringData` of a Secret as `data`, which is what the API server makes of it. It keeps book of the fields of an
 * apply as they were sent: of a key in `stringData` nobody would see that somebody changes it, and one that the chart drops would stay for ever.
 * What the API server would not take is left as it is, for it to say so.
 */
export const asStored = ({ apiVersion, kind }: Pick<ObjectRef, 'apiVersion' | 'kind'>, json: Uint8Array): Uint8Array => {
  if (apiVersion !== 'v1' || kind !== 'Secret') return json;
  const text = Buffer.from(json).toString();
  if (!text.includes('"stringData"')) return json;
  const secret = parseExact(text);
  return isFields(secret) && isTexts(secret['stringData']) && isAbsentOrMap(secret['data']) ? Buffer.from(JSON.stringify(withData(secret, secret['stringData']))) : json;
};

const withData = ({ stringData: _, data, ...rest }: Fields, texts: Readonly<Record<string, string>>): Fields => ({
  ...rest,
  data: { ...(isFields(data) && data), ...Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')])) },
});

const isTexts = (value: unknown): value is Readonly<Record<string, string>> => isFields(value) && Object.values(value).every((text) => typeof text === 'string');

const isAbsentOrMap = (value: unknown): boolean => value === undefined || value === null || isFields(value);
