import { createHash, createHmac } from 'node:crypto';
import { timestamp } from '../../../api/time.ts';
import type { HttpRequest } from '../transport.ts';

/** What AWS knows somebody by for a while. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/** For which of AWS's services, where, and when (ms since the epoch) a request is signed. */
export interface SigningScope {
  readonly region: string;
  readonly service: string;
  readonly now: number;
}

/** The request with the headers of AWS Signature Version 4. All headers are signed; path and query have to be in their canonical form already. */
export const signed = (request: HttpRequest, { accessKeyId, secretAccessKey, sessionToken }: AwsCredentials, { region, service, now }: SigningScope): HttpRequest => {
  const time = timestamp(now).replaceAll(/[-:]/g, '');
  const date = time.slice(0, 8);
  const { method, url, body = '' } = request;
  const headers = { ...request.headers, 'x-amz-date': time, ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }) };
  const lines = Object.entries({ ...headers, host: url.host })
    .map(([name, value]) => [name.toLowerCase(), value.trim()] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  const names = lines.map(([name]) => name).join(';');
  const canonical = [method, url.pathname, url.search.slice(1), ...lines.map(([name, value]) => `${name}:${value}`), '', names, sha256(body)].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).toString('hex');
  return { ...request, headers: { ...headers, authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}` } };
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
