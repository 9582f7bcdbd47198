// The floor: the writes of an upgrade with nothing behind them, in a process of its own (design: the bodies it holds must
// not be counted as the operator's memory). It is told what to send over IPC and ends when its parent does.
import type { Access } from '../lab/api.ts';
import { ApiClient, type ApiWrite, inFlight } from './api-client.ts';
import type { Place } from './releases.ts';
import { RESOURCE_VERSION, type Sample, UID } from './sample.ts';
import { FLOOR_GROUP, standIn } from './stand-in.ts';

/** What the floor is asked. */
export type FloorRequest =
  /** Makes the ChartReleases whose status is written, and their first revision. */
  | { readonly kind: 'Prepare'; readonly access: Access; readonly places: readonly Place[]; readonly sample: Sample }
  /** Sends the writes of one more revision. */
  | { readonly kind: 'Pass'; readonly sample: Sample };

export type FloorReply = { readonly kind: 'Done'; readonly seconds: number } | { readonly kind: 'Failed'; readonly message: string };

/** As many as the operator has by default. */
const CONNECTIONS = 32;
const RELEASES_IN_FLIGHT = 16;

/** What is known of one stand-in between two passes. */
interface Standing {
  readonly place: Place;
  readonly uid: string;
  /** resourceVersion of the newest record. */
  record: string;
}

class Floor {
  readonly #client: ApiClient;
  readonly #standing: Standing[] = [];

  constructor(access: Access) {
    this.#client = new ApiClient(access, { connections: CONNECTIONS, userAgent: 'bench-floor' });
  }

  async prepare(places: readonly Place[]): Promise<void> {
    await inFlight(places, RELEASES_IN_FLIGHT, async (place) => {
      const { uid } = await this.#write({
        method: 'POST',
        path: `/apis/${FLOOR_GROUP}/v1beta1/namespaces/${place.floorNamespace}/chartreleases`,
        body: JSON.stringify({ apiVersion: `${FLOOR_GROUP}/v1beta1`, kind: 'ChartRelease', metadata: { name: place.name }, spec: { chart: 'registry.example.com/bench:stable' } }),
      });
      this.#standing.push({ place, uid, record: '' });
    });
  }

  /** Seconds from the first request to the last answer. All bodies are made before. */
  async pass(sample: Sample): Promise<number> {
    const all = this.#standing.map((standing) => ({ standing, writes: standIn(sample, standing.place) }));
    const began = performance.now();
    await inFlight(all, RELEASES_IN_FLIGHT, ({ standing, writes }) => this.#upgrade(standing, writes));
    return (performance.now() - began) / 1000;
  }

  async #upgrade(standing: Standing, writes: Omit<Sample, 'place'>): Promise<void> {
    const pending = await this.#write(writes.pending);
    await Promise.all(writes.objects.map((write) => this.#client.send(write)));
    const deployed = await this.#write(filled(writes.deployed, RESOURCE_VERSION, pending.resourceVersion));
    if (writes.superseded !== undefined) await this.#client.send(filled(writes.superseded, RESOURCE_VERSION, standing.record));
    standing.record = deployed.resourceVersion;
    await this.#client.send(filled(writes.status, UID, standing.uid));
    await this.#client.send(writes.event);
  }

  async #write(write: ApiWrite): Promise<{ readonly uid: string; readonly resourceVersion: string }> {
    const { metadata } = JSON.parse(await this.#client.send(write)) as { readonly metadata: { readonly uid: string; readonly resourceVersion: string } }; // any object of Kubernetes
    return metadata;
  }
}

const filled = (write: ApiWrite, placeholder: string, value: string): ApiWrite => ({ ...write, body: (write.body ?? '').replace(placeholder, value) });

let floor: Floor | undefined;

const answer = async (request: FloorRequest): Promise<FloorReply> => {
  if (request.kind === 'Prepare') {
    floor = new Floor(request.access);
    await floor.prepare(request.places);
  }
  if (floor === undefined) throw new Error('the floor was not prepared');
  return { kind: 'Done', seconds: await floor.pass(request.sample) };
};

process.on('message', (request: FloorRequest) => {
  answer(request)
    .catch((error: unknown): FloorReply => ({ kind: 'Failed', message: error instanceof Error ? error.message : String(error) }))
    .then((reply) => process.send?.(reply));
});
process.once('disconnect', () => process.exit());
// Ctrl-C reaches the whole group; the parent ends this one in order.
process.on('SIGINT', () => undefined);
