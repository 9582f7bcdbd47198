import { expect, it } from 'vitest';
import { type ChartReleaseStatus, EXPIRES_AT, PIN, RECONCILE_AT } from '../../src/api/chart-release.ts';
import type { Condition } from '../../src/api/conditions.ts';
import { timestamp } from '../../src/api/time.ts';
import { conditionOf } from '../../src/core/conditions.ts';
import type { Stored } from './api/object.ts';
import type { Request } from './api/server.ts';
import { CHARTS, type SimulatedChart } from './charts.ts';
import { CALM } from './faults.ts';
import { complaints } from './judge.ts';
import { Person } from './people.ts';
import { SimulatedRenderer } from './renderer.ts';
import { Simulation } from './simulation.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const CONFIG = '/api/v1/namespaces/apps/configmaps/web-config';

const chart = (version: string): SimulatedChart => {
  const found = CHARTS.find((one) => one.version === version);
  if (found === undefined) throw new Error(`there is no chart ${version}`);
  return found;
};

/** A cluster with one operator, and one person who wants something of it. */
const scene = async (spec: Readonly<Record<string, unknown>>, version: string) => {
  const simulation = new Simulation(1, { weather: CALM, replicas: 1, renderer: new SimulatedRenderer() });
  const person = new Person(simulation, 'web');
  person.push(chart(version));
  person.create();
  person.change({ suspend: false, timeout: '1m', historyLimit: 10, onFailure: null, drift: { mode: 'Correct' }, ...spec });
  simulation.start();
  await simulation.pass(2 * MINUTE_MS);
  return { simulation, person };
};

it('corrects drift also where the API server did not answer when it was looked for', async () => {
  const { simulation, person } = await scene({}, '1.0.0');
  simulation.faults.plot = ({ method, path }) => (method === 'GET' && path.startsWith(CONFIG) ? 'LostBefore' : undefined);
  simulation.ask('PATCH', `${CONFIG}?fieldManager=kubectl-edit`, { data: { version: 'by hand' } });
  await simulation.pass(MINUTE_MS);
  simulation.faults.plot = () => undefined;
  expect(complaints(simulation, person)).toContainEqual(expect.stringContaining('by hand'));
  await simulation.pass(2 * MINUTE_MS);
  expect(complaints(simulation, person)).toEqual([]);
});

it('forgets no object of a failed revision, whose record had to go, when the process ends before the next revision is open', async () => {
  const { simulation, person } = await scene({ historyLimit: 1, onFailure: 'Keep' }, '2.0.0');
  // Its pre hook fails: nothing of it is applied.
  person.push(chart('2.1.0'));
  await simulation.pass(3 * MINUTE_MS);
  expect(objectsOf(simulation)).toContain('web-three');
  // The record of the next revision, which has web-three too, does not come about.
  simulation.faults.plot = ({ method, path }) => (method === 'POST' && path.includes('/secrets') ? 'LostBefore' : undefined);
  person.push(chart('2.0.0'));
  await simulation.pass(2 * MINUTE_MS);
  simulation.faults.plot = () => undefined;
  person.push(chart('1.0.0'));
  simulation.kill();
  await simulation.pass(15 * MINUTE_MS);
  expect(objectsOf(simulation)).toEqual(['web-config']);
  expect(complaints(simulation, person)).toEqual([]);
});

it('brings a revision back that a person pins, though its record is beyond the limit, when the process ends before the new one is open', async () => {
  const { simulation, person } = await scene({ historyLimit: 10 }, '1.0.0');
  person.push(chart('1.1.0'));
  await simulation.pass(2 * MINUTE_MS);
  simulation.faults.plot = ({ method, path }) => (method === 'POST' && path.includes('/secrets') ? 'LostBefore' : undefined);
  person.annotate({ [PIN]: '1' });
  person.change({ historyLimit: 1 });
  await simulation.pass(MINUTE_MS);
  simulation.faults.plot = () => undefined;
  simulation.kill();
  await simulation.pass(2 * MINUTE_MS);
  expect(person.release).toMatchObject({ status: { revision: 3, chart: { version: '1.0.0' } } });
  expect(objectsOf(simulation)).toEqual(['web-config']);
});

it('deletes records beyond the history limit also where the process ended before it had, or the limit came down since', async () => {
  const { simulation, person } = await scene({ historyLimit: 1 }, '1.0.0');
  simulation.faults.plot = ({ method, path }) => (method === 'DELETE' && path.includes('/secrets/') ? 'LostBefore' : undefined);
  person.push(chart('1.1.0'));
  await simulation.pass(2 * MINUTE_MS);
  simulation.kill();
  simulation.faults.plot = () => undefined;
  expect(recordsOf(simulation)).toEqual(['sh.helm.release.v1.web.v1', 'sh.helm.release.v1.web.v2']);
  await simulation.pass(2 * MINUTE_MS);
  expect(recordsOf(simulation)).toEqual(['sh.helm.release.v1.web.v2']);
});

const isHookMade = ({ method, path, body }: Request): boolean => method === 'POST' && !path.includes('dryRun') && body.includes('"web-after"');
const isAppApplied = ({ method, path }: Request): boolean => method === 'PATCH' && !path.includes('dryRun') && path.includes('/deployments/web');

it.each([
  ...[0.65, 0.75, 0.85, 0.95, 1.5].map((minutes) => ({ what: 'a hook', version: '1.4.0', isMade: isHookMade, minutes })),
  ...[0.85, 0.95, 1.5].map((minutes) => ({ what: 'a Deployment', version: '1.1.0', isMade: isAppApplied, minutes })),
])('gives $what its whole time, a minute, where it could not be made for $minutes of it', async ({ version, isMade, minutes }) => {
  const { simulation, person } = await scene({}, '1.0.0');
  let isTried = false;
  simulation.faults.plot = (request) => {
    if (!isMade(request)) return undefined;
    isTried = true;
    return 'LostBefore';
  };
  person.push(chart(version));
  await simulation.pass(3 * MINUTE_MS, () => isTried);
  await simulation.pass(minutes * MINUTE_MS);
  simulation.faults.plot = () => undefined;
  await simulation.pass(2 * MINUTE_MS);
  expect(complaints(simulation, person)).toEqual([]);
  expect(recordsOf(simulation)).toHaveLength(2);
});

it('does not fail what nobody has seen, since the lists of a watch that was cut are without an answer for two minutes', async () => {
  const { simulation, person } = await scene({}, '1.3.0');
  let lists = 0;
  simulation.faults.plot = ({ method, path }) => {
    if (method !== 'GET' || !path.startsWith('/apis/batch/v1/jobs?limit')) return undefined;
    lists += 1;
    return lists <= 2 ? 'Silent' : undefined;
  };
  const { ofWatch } = simulation.faults;
  simulation.faults.ofWatch = () => 'Gone';
  await simulation.pass(15 * MINUTE_MS, () => lists > 0);
  simulation.faults.ofWatch = ofWatch;
  person.push(chart('1.4.0'));
  await simulation.pass(6 * MINUTE_MS);
  expect(lists).toBeGreaterThan(2);
  expect(complaints(simulation, person)).toEqual([]);
  expect(recordsOf(simulation)).toHaveLength(2);
});

it('warns before a token ends and says when it has, each with one write and one Event, though nothing else wakes the release', async () => {
  const { simulation, person } = await scene({}, '1.0.0');
  const now = simulation.timeline.now / 1000;
  const claims = Buffer.from(JSON.stringify({ iat: now, exp: now + 3600 })).toString('base64url');
  const config = JSON.stringify({ auths: { 'registry.test': { username: 'u', password: `e30.${claims}.c2ln` } } });
  simulation.ask('POST', '/api/v1/namespaces/apps/secrets', { metadata: { name: 'login' }, data: { '.dockerconfigjson': Buffer.from(config).toString('base64') } });
  const announced: string[] = [];
  simulation.faults.plot = ({ path, body }) => {
    if (path.endsWith('/events')) announced.push((JSON.parse(body) as { readonly reason: string }).reason); // an Event
    return undefined;
  };
  person.change({ pullSecrets: [{ name: 'login' }] });
  await simulation.pass(38 * MINUTE_MS);
  expect(expiringOf(person)).toBeUndefined();
  await simulation.pass(3 * MINUTE_MS);
  expect(expiringOf(person)).toMatchObject({
    reason: 'CredentialExpiring',
    message: expect.stringMatching(/^the password for registry.test in pull secret apps\/login ends at /),
  });
  const { writes } = simulation;
  await simulation.pass(17 * MINUTE_MS);
  expect(simulation.writes).toBe(writes);
  await simulation.pass(5 * MINUTE_MS);
  expect(expiringOf(person)).toMatchObject({ reason: 'CredentialExpired' });
  expect(announced).toEqual(['CredentialExpiring', 'CredentialExpired']);
  expect(conditionsOf(person).map(({ type, status }) => `${type}=${status}`)).toEqual(['Ready=True', 'CredentialExpiring=True']);
});

it('warns before the end that a pull secret is annotated with, and says it where that is no time', async () => {
  const { simulation, person } = await scene({}, '1.0.0');
  const path = '/api/v1/namespaces/apps/secrets';
  const config = JSON.stringify({ auths: { 'registry.test': { username: 'u', password: 'p' } } });
  const secret = (endsAt: string) => ({
    metadata: { name: 'login', annotations: { [EXPIRES_AT]: endsAt } },
    data: { '.dockerconfigjson': Buffer.from(config).toString('base64') },
  });
  simulation.ask('POST', path, secret(timestamp(simulation.timeline.now + 8 * DAY_MS)));
  person.change({ pullSecrets: [{ name: 'login' }] });
  await simulation.pass(DAY_MS - MINUTE_MS);
  expect(expiringOf(person)).toBeUndefined();
  await simulation.pass(2 * MINUTE_MS);
  expect(expiringOf(person)).toMatchObject({ reason: 'CredentialExpiring', message: expect.stringMatching(/^the password for registry.test in pull secret apps\/login ends at /) });
  simulation.ask('PATCH', `${path}/login`, secret('in a week'));
  await simulation.pass(MINUTE_MS);
  expect(expiringOf(person)).toMatchObject({ reason: 'ExpiryInvalid', message: expect.stringContaining('"in a week", which is no time') });
  simulation.ask('PATCH', `${path}/login`, secret(timestamp(simulation.timeline.now + 90 * DAY_MS)));
  await simulation.pass(MINUTE_MS);
  expect(conditionsOf(person).map(({ type, status }) => `${type}=${status}`)).toEqual(['Ready=True']);
});

const conditionsOf = ({ release }: Person): readonly Condition[] => ((release?.['status'] ?? {}) as ChartReleaseStatus).conditions ?? []; // as the operator wrote it

const expiringOf = (person: Person): Condition | undefined => conditionOf(conditionsOf(person), 'CredentialExpiring');

it('does not try again what failed because an old status says that a request was not met', async () => {
  const { simulation, person } = await scene({ onFailure: 'Rollback' }, '1.0.0');
  // Its pre hook fails.
  person.push(chart('2.1.0'));
  person.annotate({ [RECONCILE_AT]: 'now' });
  await simulation.pass(2 * MINUTE_MS);
  expect(person.release).toMatchObject({ status: { revision: 3, lastHandledReconcileAt: 'now' } });
  simulation.ask('PATCH', '/apis/tagalong.dev/v1beta1/namespaces/apps/chartreleases/web/status', { status: { lastHandledReconcileAt: null } });
  person.annotate({ note: 'wakes it' });
  await simulation.pass(2 * MINUTE_MS);
  expect(recordsOf(simulation)).toHaveLength(3);
  expect(person.release).toMatchObject({ status: { revision: 3, lastHandledReconcileAt: 'now' } });
});

const recordsOf = (simulation: Simulation): readonly string[] => namesIn(simulation, '/api/v1/namespaces/apps/secrets?labelSelector=owner=helm');

const objectsOf = (simulation: Simulation): readonly string[] => namesIn(simulation, '/api/v1/namespaces/apps/configmaps?labelSelector=tagalong.dev/name=web');

const namesIn = (simulation: Simulation, path: string): readonly string[] => {
  const { object } = simulation.ask('GET', path);
  return (object as { readonly items: readonly Stored[] }).items.map(({ metadata }) => metadata.name); // a list
};
