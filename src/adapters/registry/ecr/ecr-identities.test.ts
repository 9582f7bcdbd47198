import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../../test/fakes/clock.ts';
import type { AwsEnvironment } from './aws-identity.ts';
import { EcrIdentities } from './ecr-identities.ts';

const HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const LIFE_MS = 12 * 3_600_000;
const SECRETS = ['k3y-secret', 's3ssion', 'w3b-identity', 'p0d-token', 'ecr-p4ss'];
const signal = AbortSignal.timeout(20_000);

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** A server that is STS, ECR and the agent of Pod Identity. Its answers may be replaced. */
let asked: Asked[];
let replies: { sts?: Reply; ecr?: Reply; agent?: Reply };
let clock: FakeClock;
let origin: string;
let folder: string;
let opened: EcrIdentities[];
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (part) => {
    body += String(part);
  });
  request.on('end', () => {
    const { method = '', url = '', headers } = request;
    asked.push({ method, url, headers, body });
    const reply = replyTo(url);
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body));
  });
});

const replyTo = (url: string): Reply => {
  if (url === '/sts') return replies.sts ?? { status: 200, body: { AssumeRoleWithWebIdentityResponse: { AssumeRoleWithWebIdentityResult: { Credentials: LENT } } } };
  if (url === '/agent') return replies.agent ?? { status: 200, body: { AccessKeyId: 'AGENTKEY', SecretAccessKey: 'k3y-secret', Token: 's3ssion' } };
  return (
    replies.ecr ?? {
      status: 200,
      body: { authorizationData: [{ authorizationToken: Buffer.from(`AWS:ecr-p4ss-${asked.length}`).toString('base64'), expiresAt: (clock.now() + LIFE_MS) / 1000 }] },
    }
  );
};

const LENT = { AccessKeyId: 'STSKEY', SecretAccessKey: 'k3y-secret', SessionToken: 's3ssion' };

beforeEach(async () => {
  [asked, replies, opened] = [[], {}, []];
  clock = new FakeClock(Date.parse('2026-01-01T00:00:00Z'));
  folder = await mkdtemp(path.join(tmpdir(), 'tagalong-ecr-'));
  await writeFile(path.join(folder, 'web'), 'w3b-identity\n');
  await writeFile(path.join(folder, 'pod'), 'p0d-token');
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens at a port
});
afterEach(async () => {
  await Promise.all(opened.map((one) => one.close()));
  await new Promise((resolve) => {
    server.close(resolve);
  });
  await rm(folder, { recursive: true });
});

const identities = (env: AwsEnvironment): EcrIdentities => {
  const one = new EcrIdentities({ clock, env: { AWS_ENDPOINT_URL_ECR: `${origin}/ecr`, AWS_ENDPOINT_URL_STS: `${origin}/sts`, ...env } });
  opened.push(one);
  return one;
};

const KEYS = { AWS_ACCESS_KEY_ID: 'ENVKEY', AWS_SECRET_ACCESS_KEY: 'k3y-secret' };
const irsa = (): AwsEnvironment => ({ AWS_ROLE_ARN: 'arn:aws:iam::1:role/puller', AWS_WEB_IDENTITY_TOKEN_FILE: path.join(folder, 'web') });
const podIdentity = (): AwsEnvironment => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${origin}/agent`, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: path.join(folder, 'pod') });

const passwordOf = async (one: EcrIdentities, registry = HOST) => {
  const lent = await one.credentialFor(registry, signal);
  return lent?.credential.kind === 'Password' ? `${lent.credential.username}:${lent.credential.password}` : undefined;
};

const signerOf = ({ headers }: Asked): string | undefined =>
  /^AWS4-HMAC-SHA256 Credential=(\w+)\/20260101\/eu-west-1\/ecr\/aws4_request, SignedHeaders=\S+, Signature=[0-9a-f]{64}$/.exec(headers.authorization ?? '')?.[1];

describe('a credential for ECR', () => {
  it.each<[string, () => AwsEnvironment, string, readonly string[]]>([
    ['keys in the environment', () => KEYS, 'ENVKEY', ['POST /ecr']],
    ['the role of the ServiceAccount', irsa, 'STSKEY', ['POST /sts', 'POST /ecr']],
    ['the identity of the Pod', podIdentity, 'AGENTKEY', ['GET /agent', 'POST /ecr']],
  ])('is asked for with %s, in a request that is signed', async (_name, env, signer, requests) => {
    expect(await passwordOf(identities(env()))).toBe(`AWS:ecr-p4ss-${asked.length}`);
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual(requests);
    const [last] = asked.slice(-1);
    expect(last && signerOf(last)).toBe(signer);
    expect(last?.headers['x-amz-target']).toBe('AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken');
  });

  it('sends the token of the ServiceAccount to STS and that of the Pod to its agent, and neither to ECR', async () => {
    await passwordOf(identities(irsa()));
    await passwordOf(identities(podIdentity()));
    const [sts, first, agent, second] = asked;
    expect(new URLSearchParams(sts?.body).get('WebIdentityToken')).toBe('w3b-identity');
    expect(agent?.headers.authorization).toBe('p0d-token');
    expect(JSON.stringify([first, second])).not.toMatch(/w3b-identity|p0d-token|k3y-secret/);
  });

  it('is none for other registries, and nobody is asked', async () => {
    for (const registry of ['public.ecr.aws', 'r.example', `${HOST}.example`]) expect(await passwordOf(identities(KEYS), registry)).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('is asked for once by all who need it, and again for another account or region', async () => {
    const one = identities(KEYS);
    const passwords = await Promise.all(Array.from({ length: 20 }, () => passwordOf(one)));
    expect([new Set(passwords).size, asked.length]).toEqual([1, 1]);
    await passwordOf(one, HOST.replace('123456789012', '210987654321'));
    await passwordOf(one, HOST.replace('eu-west-1', 'us-east-2'));
    expect(asked.length).toBe(3);
  });

  it('is renewed at four fifths of its life', async () => {
    const one = identities(KEYS);
    const first = await one.credentialFor(HOST, signal);
    expect(first?.renewedAt).toBe(clock.now() + LIFE_MS * 0.8);
    await clock.advance(LIFE_MS * 0.8 - 1);
    expect(await one.credentialFor(HOST, signal)).toEqual(first);
    await clock.advance(1);
    expect(await passwordOf(one)).toBe('AWS:ecr-p4ss-2');
  });

  it('is good until its end where it cannot be renewed, and AWS is asked twice a minute at most', async () => {
    const one = identities(KEYS);
    await passwordOf(one);
    replies.ecr = { status: 500, body: {} };
    await clock.advance(LIFE_MS * 0.8);
    expect(await passwordOf(one)).toBe('AWS:ecr-p4ss-1');
    expect(await passwordOf(one)).toBe('AWS:ecr-p4ss-1');
    expect(asked.length).toBe(2);
    await clock.advance(LIFE_MS * 0.2);
    await expect(passwordOf(one)).rejects.toThrow('answered 500');
    delete replies.ecr;
    await clock.advance(30_000);
    expect(await passwordOf(one)).toBe('AWS:ecr-p4ss-4');
  });
});

describe('what is said where AWS gives no credential', () => {
  const echo = SECRETS.join(' ');
  const cases: readonly (readonly [string, () => AwsEnvironment, typeof replies, RegExp])[] = [
    ['nobody told who the operator is', () => ({}), {}, /: nobody has told the operator who it is for AWS: give its ServiceAccount a role/],
    [
      'the role does not trust it',
      irsa,
      { sts: { status: 403, body: { Error: { Code: 'AccessDenied', Message: echo } } } },
      /asked STS for the role arn:aws:iam::1:role\/puller, and \S+ answered 403 AccessDenied: see that the role trusts/,
    ],
    [
      'the role may not',
      irsa,
      { ecr: { status: 400, body: { __type: 'com.amazon#AccessDeniedException', message: echo } } },
      /asked ECR in eu-west-1 for ecr:GetAuthorizationToken, and \S+ answered 400 AccessDeniedException: see that the operator's role allows it/,
    ],
    [
      'the Pod has no role',
      podIdentity,
      { agent: { status: 404, body: echo } },
      /asked the EKS Pod Identity agent for credentials, and \S+ answered 404: see that the ServiceAccount/,
    ],
    ['there is no token in the answer', () => KEYS, { ecr: { status: 200, body: { authorizationData: [], echo } } }, /there was no token in the answer$/],
    ['there are no credentials in the answer', irsa, { sts: { status: 200, body: { echo } } }, /there were no credentials in the answer$/],
    ['there is no file', () => ({ ...irsa(), AWS_WEB_IDENTITY_TOKEN_FILE: '/not/there' }), {}, /token of the operator's ServiceAccount cannot be read: ENOENT/],
    ['the agent is somewhere else', () => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'https://example.com/' }), {}, /is no address of the EKS Pod Identity agent/],
  ];
  it.each(cases)('names who was asked for what where %s, and no secret', async (_name, env, answers, words) => {
    replies = answers;
    const error: unknown = await identities(env())
      .credentialFor(HOST, signal)
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'Unauthorized', message: expect.stringMatching(words) });
    expect(String(error)).toMatch(new RegExp(`^RegistryError: cannot get a credential for ${HOST} from AWS: `));
    const told = `${String(error)} ${error instanceof Error ? String(error.cause) : ''}`;
    expect(SECRETS.filter((secret) => told.includes(secret))).toEqual([]);
  });
});
