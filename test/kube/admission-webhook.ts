import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TEST_CERTIFICATE } from '../registry/test-certificate.ts';

/** RFC 6902. */
export type JsonPatch = readonly { readonly op: 'add' | 'replace' | 'remove'; readonly path: string; readonly value?: unknown }[];

/** What is done to an object, or that it is refused, or not answered for. */
export type Verdict = JsonPatch | 'Denied' | 'Unanswered';

export interface AdmissionWebhook {
  readonly url: string;
  readonly caBundle: string;
  /** Requests that it has answered. */
  readonly count: () => number;
  close(): Promise<void>;
}

interface Review {
  readonly request: { readonly uid: string; readonly operation: string; readonly object: Readonly<Record<string, unknown>> };
}

/** Serves an admission webhook (admission.k8s.io/v1) on loopback, which does to each object what `judge` says. */
export const serveWebhook = async (judge: (object: Readonly<Record<string, unknown>>) => Verdict): Promise<AdmissionWebhook> => {
  let count = 0;
  const server = createServer({ key: TEST_CERTIFICATE.key, cert: TEST_CERTIFICATE.cert }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      count += 1;
      const review = JSON.parse(Buffer.concat(chunks).toString()) as Review; // what the API server sends
      const verdict = judge(review.request.object);
      if (verdict === 'Unanswered') return;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid: review.request.uid, ...answerOf(verdict) } }));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(TEST_CERTIFICATE.cert).toString('base64'), count: () => count, close: () => closed(server) };
};

const answerOf = (verdict: Exclude<Verdict, 'Unanswered'>) =>
  verdict === 'Denied'
    ? { allowed: false, status: { message: 'on purpose' } }
    : { allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(verdict)).toString('base64') };

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
