import type { LookupFunction } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { BAD_CERTIFICATES } from '../../../test/registry/bad-certificates.ts';
import { type FaultScene, ODDITIES, REGISTRY_FAULTS, type RegistryFault } from '../../../test/registry/faults.ts';
import { type FaultyRegistry, startFaultyRegistry } from '../../../test/registry/faulty-registry.ts';
import { type MemoryRegistry, startMemoryRegistry } from '../../../test/registry/memory-registry.ts';
import { pushChart, smallChart } from '../../../test/registry/push.ts';
import { TEST_CERTIFICATE } from '../../../test/registry/test-certificate.ts';
import type { Files } from '../../../test/registry/tar.ts';
import type { Logger } from '../../ports/logger.ts';
import type { TagView } from '../../ports/registry.ts';
import { OriginGates } from './origin-gates.ts';
import { RegistryCharts } from './registry-charts.ts';
import { RegistryClient } from './registry-client.ts';
import { TagWatcher } from './tag-watcher.ts';

const INTERVAL_MS = 60_000;
/** Of an interval that chance has made longer. */
const AT_MOST = 1.1;
const IMPATIENT = { headersMs: 200, bodyMs: 200, overallMs: 400 };
const signal = AbortSignal.timeout(120_000);
const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, with: () => silent };

/** A registry that a fault comes over, and the adapters before it, all by sockets. */
class Rig implements AsyncDisposable {
  readonly #memory: MemoryRegistry;
  readonly #faulty: FaultyRegistry;
  readonly #sound: FaultyRegistry;
  /** With connections from before the fault; without any, so that names and certificates count; and without patience. */
  readonly #clients: Readonly<Record<'before' | 'since' | 'impatient', RegistryClient>>;
  #inUse: 'before' | 'since' | 'impatient' = 'before';
  readonly #clock = new FakeClock();
  readonly #gates = new OriginGates(this.#clock);
  readonly #tags: TagWatcher;
  readonly #charts: RegistryCharts;
  readonly #registry: string;
  /** The fault that is on. */
  #on: RegistryFault | undefined;
  #woken = Promise.withResolvers<void>();

  constructor(memory: MemoryRegistry, faulty: FaultyRegistry, sound: FaultyRegistry, isTls: boolean) {
    this.#memory = memory;
    this.#faulty = faulty;
    this.#sound = sound;
    this.#registry = `registry.test:${faulty.host.split(':')[1]}`;
    const lookup: LookupFunction = (name, options, callback) => lookUp(this.#on?.network)(name, options, callback);
    const of = (timeouts: object): RegistryClient =>
      new RegistryClient({ clock: this.#clock, plainHttpHosts: isTls ? [] : [this.#registry], timeouts, lookup, gates: this.#gates });
    this.#clients = { before: of({}), since: of({}), impatient: of(IMPATIENT) };
    const client = (): RegistryClient => this.#clients[this.#inUse];
    this.#tags = new TagWatcher({
      resolve: (tag, until) => client().resolve(tag, until),
      list: (place, until) => client().list(place, until),
      wake: () => this.#woken.resolve(),
      clock: this.#clock,
      logger: silent,
      gates: this.#gates,
    });
    this.#charts = new RegistryCharts({ client: { manifest: (...asked) => client().manifest(...asked), blob: (...asked) => client().blob(...asked) } });
  }

  push(version: string): Promise<string> {
    return pushChart(this.#memory.host, 'ns/app', '1', filesOf(version));
  }

  /** The fault comes, and the tag moves. Answers with what it points at. */
  async strike(fault: RegistryFault, before: string): Promise<string> {
    const scene: FaultScene = { registry: this.#registry, elsewhere: this.#sound.host, before };
    const digest = await (fault.push?.({ registry: this.#memory.host, repository: 'ns/app' }) ?? this.push('2.0.0'));
    this.#on = fault;
    this.#faulty.fault = fault.spoil?.(scene);
    if (fault.certificate !== undefined) this.#faulty.useCertificate(BAD_CERTIFICATES[fault.certificate]);
    this.#inUse = fault.isSlow === true ? 'impatient' : 'since';
    return digest;
  }

  passOver(): void {
    this.#on = undefined;
    this.#inUse = 'since';
    this.#faulty.fault = undefined;
    this.#faulty.useCertificate(TEST_CERTIFICATE);
    this.#woken = Promise.withResolvers<void>();
  }

  /** Asks now where `fresh`, else says what is known. */
  look(fresh: boolean): Promise<TagView> {
    const reference = { registry: this.#registry, repository: 'ns/app', tag: '1' };
    return this.#tags.follow('ns/release', { reference, credential: undefined }, { intervalMs: INTERVAL_MS, fresh }, signal);
  }

  /** Time passes; resolves when a follower is woken. */
  async wait(ms: number): Promise<void> {
    await this.#clock.advance(ms);
    await this.#woken.promise;
  }

  async pull(digest: string): Promise<Files> {
    const { files } = await this.#charts.pull({ registry: this.#registry, repository: 'ns/app' }, digest, { credential: undefined }, signal);
    return Object.fromEntries(files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString()]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tags.close();
    await Promise.all(Object.values(this.#clients).map((client) => client.close()));
    await Promise.all([this.#faulty.close(), this.#sound.close(), this.#memory.close()]);
  }
}

const openRig = async ({ certificate }: RegistryFault): Promise<Rig> => {
  const memory = await startMemoryRegistry();
  const isTls = certificate !== undefined;
  return new Rig(memory, await startFaultyRegistry(memory.host, isTls ? TEST_CERTIFICATE : undefined), await startFaultyRegistry(memory.host), isTls);
};

const filesOf = (version: string): Files => smallChart('app', version);

const GOOD_ADDRESS = '127.0.0.1';
/** Nobody listens there. */
const DEAD_ADDRESS = '127.0.0.2';

/** Finds every name at the loopback address, or as the fault has it. */
const lookUp =
  (network: RegistryFault['network']): LookupFunction =>
  (name, options, callback) => {
    const fail = (code: string): void => callback(Object.assign(new Error(`${code} ${name}`), { code }), '', 4);
    if (network === 'UnknownName') return fail('ENOTFOUND');
    if (network === 'NoNameServer') return fail('EAI_AGAIN');
    const addresses = network === 'Refused' ? [DEAD_ADDRESS] : network === 'DeadAddressToo' ? [DEAD_ADDRESS, GOOD_ADDRESS] : [GOOD_ADDRESS];
    if (options.all === true)
      return callback(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      );
    callback(null, addresses[0] ?? '', 4);
  };

describe('a registry adapter', () => {
  let survived = 0;
  beforeAll(() => setDefaultCACertificates([...getCACertificates('default'), TEST_CERTIFICATE.cert, BAD_CERTIFICATES.other.cert, BAD_CERTIFICATES.expired.cert]));
  afterAll(() => console.log(`registry faults: ${REGISTRY_FAULTS.length} tried, ${survived} survived`));

  /** What runs is kept, nothing that is not the chart is handed out, and all is well within an interval after the fault. */
  const survive = async (fault: RegistryFault): Promise<void> => {
    await using rig = await openRig(fault);
    const before = await rig.push('1.0.0');
    expect(await rig.look(true)).toEqual({ digest: before, trouble: undefined });
    expect(await rig.pull(before)).toEqual(filesOf('1.0.0'));

    const moved = await rig.strike(fault, before);
    const view = await rig.look(true);
    const hasMoved = fault.look === 'Moved';
    if (hasMoved) expect(view.trouble).toBeUndefined();
    else expect(view).toMatchObject({ digest: before, ...(fault.look !== 'Stayed' && { trouble: { code: fault.look } }) });
    const pulled = hasMoved ? await rig.pull(view.digest ?? '').catch((error: unknown) => error) : undefined;
    if (fault.pull === 'Served') expect(pulled).toEqual(filesOf('2.0.0'));
    else if (hasMoved) expect(pulled).toMatchObject({ name: 'RegistryError', code: fault.pull });
    if (fault.says !== undefined) expect(String(hasMoved ? pulled : view.trouble)).toMatch(fault.says);
    expect(await rig.pull(before)).toEqual(filesOf('1.0.0'));

    rig.passOver();
    const after = fault.push === undefined ? moved : await rig.push('2.0.0');
    if (view.digest !== after) await rig.wait(AT_MOST * Math.max(INTERVAL_MS, fault.holdMs ?? 0));
    expect(await rig.look(false)).toEqual({ digest: after, trouble: undefined });
    expect(await rig.pull(after)).toEqual(filesOf('2.0.0'));
  };

  it.concurrent.each(REGISTRY_FAULTS)('survives $name', async (fault) => {
    await survive(fault);
    survived += 1;
  });

  it.concurrent.each(ODDITIES)('is not put off by $name', survive);
});
