import { LRUCache } from 'lru-cache';
import type { Clock } from '../../../ports/clock.ts';
import type { CloudIdentities, LentCredential } from '../../../ports/cloud-identities.ts';
import type { RegistryError } from '../../../ports/registry.ts';
import { failure } from '../failure.ts';
import { SingleFlight } from '../single-flight.ts';
import { TIMEOUTS } from '../transport.ts';
import { Transports } from '../transports.ts';
import type { Proxies } from '../agent.ts';
import { type Ask, askingOver, AwsFault } from './aws-call.ts';
import { type AwsEnvironment, identify } from './aws-identity.ts';
import { type EcrHost, parseEcrHost } from './ecr-host.ts';
import { signed } from './signature.ts';

export interface EcrIdentitiesOptions {
  readonly clock: Clock;
  readonly env: AwsEnvironment;
  /** On the way to AWS; none when absent. */
  readonly proxies?: Proxies | undefined;
}

interface Held extends LentCredential {
  readonly expiresAt: number;
}

const MAX_REGISTRIES = 1000;
/** Part of its life after which a credential is replaced, so that none expires on its way. */
const RENEW_AFTER = 0.8;
/** For so long a failure answers for all who ask. */
const REST_MS = 30_000;

/** Credentials for registries of Amazon ECR, by the operator's identity in AWS: one request for each account and region, however many releases need it. */
export class EcrIdentities implements CloudIdentities {
  readonly #clock: Clock;
  readonly #env: AwsEnvironment;
  readonly #transports: Transports;
  readonly #ask: Ask;
  readonly #held = new LRUCache<string, Held>({ max: MAX_REGISTRIES });
  readonly #failed = new LRUCache<string, { readonly error: RegistryError; readonly until: number }>({ max: MAX_REGISTRIES });
  readonly #flights = new SingleFlight<Held>();

  constructor({ clock, env, proxies }: EcrIdentitiesOptions) {
    this.#clock = clock;
    this.#env = env;
    this.#transports = new Transports(TIMEOUTS, { lookup: undefined, proxies });
    this.#ask = askingOver(this.#transports);
  }

  async credentialFor(registry: string, signal: AbortSignal): Promise<LentCredential | undefined> {
    const host = parseEcrHost(registry);
    if (host === undefined) return undefined;
    const key = `${host.account} ${host.region}`;
    const held = this.#held.get(key);
    if (held !== undefined && this.#clock.now() < held.renewedAt) return held;
    const failed = this.#failed.get(key);
    if (failed !== undefined && this.#clock.now() < failed.until) return this.#spare(held, failed.error);
    try {
      return await this.#flights.run(key, (shared) => this.#renew(key, host, shared), signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof AwsFault)) throw error;
      const told = failure('Unauthorized', `get a credential for ${registry} from AWS`, error.message, { cause: error });
      this.#failed.set(key, { error: told, until: this.#clock.now() + REST_MS });
      return this.#spare(held, told);
    }
  }

  /** Ends all connections. */
  close(): Promise<void> {
    return this.#transports.close();
  }

  /** That there is no new one is no trouble yet while the old one is good. */
  #spare(held: Held | undefined, error: RegistryError): LentCredential {
    const now = this.#clock.now();
    if (held === undefined || held.expiresAt <= now) throw error;
    return { ...held, renewedAt: now + REST_MS };
  }

  async #renew(key: string, host: EcrHost, signal: AbortSignal): Promise<Held> {
    const askedAt = this.#clock.now();
    const credentials = await identify(this.#env, host, this.#ask, signal);
    const { account, region, domain } = host;
    const url = new URL(this.#env['AWS_ENDPOINT_URL_ECR'] || `https://api.ecr.${region}.${domain}/`);
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken' };
    const request = signed({ method: 'POST', url, headers, body: '{}' }, credentials, { region, service: 'ecr', now: askedAt });
    const call = {
      request,
      what: `ECR in ${region} for ecr:GetAuthorizationToken`,
      remedy: `see that the operator's role allows it, and ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on the repositories of ${account}`,
    };
    const held = readAnswer(await this.#ask(call, signal), askedAt);
    this.#held.set(key, held);
    return held;
  }
}

const readAnswer = (answer: unknown, askedAt: number): Held => {
  const { authorizationData } = Object(answer);
  const { authorizationToken, expiresAt } = Object(Array.isArray(authorizationData) ? authorizationData[0] : undefined);
  const login = typeof authorizationToken === 'string' ? Buffer.from(authorizationToken, 'base64').toString('utf8') : '';
  const colon = login.indexOf(':');
  if (colon < 1 || typeof expiresAt !== 'number') throw new AwsFault('asked ECR for ecr:GetAuthorizationToken, and there was no token in the answer');
  const endsAt = expiresAt * 1000;
  return {
    credential: { kind: 'Password', username: login.slice(0, colon), password: login.slice(colon + 1) },
    renewedAt: askedAt + (endsAt - askedAt) * RENEW_AFTER,
    expiresAt: endsAt,
  };
};
