import { BodyTooLong, readBody } from '../body.ts';
import { describeNetworkFault } from '../network-faults.ts';
import type { HttpRequest } from '../transport.ts';
import type { Transports } from '../transports.ts';

/** AWS gave no credential; the message says who was asked for what, what came, and what to do. It quotes no answer: those of AWS may repeat what was sent. */
export class AwsFault extends Error {
  override readonly name = 'AwsFault';
}

/** One request, `what` is asked for by it, and what to do where that is refused. */
export interface AwsCall {
  readonly request: HttpRequest;
  readonly what: string;
  readonly remedy: string;
}

/** The JSON that answers a call. Rejects with AwsFault, or with the reason of `signal`. */
export type Ask = (call: AwsCall, signal: AbortSignal) => Promise<unknown>;

const MOST_BYTES = 64 * 1024;
const OVERALL_MS = 20_000;

/** Asks AWS over these transports; nothing is followed or repeated. */
export const askingOver =
  (transports: Transports): Ask =>
  async ({ request, what, remedy }, signal) => {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(OVERALL_MS)]);
    try {
      const answer = await transports.to('Known', undefined).exchange(request, bounded);
      const body = await readBody(answer, MOST_BYTES);
      if (answer.status === 200) return readJson(body, what);
      throw new AwsFault(`asked ${what}, and ${request.url.host} answered ${answer.status}${errorIn(body)}${answer.status < 500 ? `: ${remedy}` : ''}`);
    } catch (error) {
      if (error instanceof AwsFault) throw error;
      if (signal.aborted) throw signal.reason;
      const why = bounded.aborted ? `${request.url.host} did not answer in full within ${OVERALL_MS} ms` : whyOf(request.url, error);
      throw new AwsFault(`asked ${what}, and ${why}`, { cause: error });
    }
  };

const whyOf = (url: URL, error: unknown): string => (error instanceof BodyTooLong ? `${url.host} answered with more than ${error.limit} bytes` : describeNetworkFault(url, error));

const readJson = (body: Buffer, what: string): unknown => {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new AwsFault(`asked ${what}, and the answer is no JSON`);
  }
};

// The name alone, in JSON (`"__type":"..."` or `"Code":"..."`), of a known form.
const ERROR_NAME = /"(?:__type|Code)"\s*:\s*"(?:[\w.]{1,80}#)?([A-Za-z]{1,60})"/;

const errorIn = (body: Buffer): string => {
  const name = ERROR_NAME.exec(body.toString('utf8'))?.[1];
  return name === undefined ? '' : ` ${name}`;
};
