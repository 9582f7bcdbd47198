import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conditionIn, openSite, type Site } from './site.ts';

const UNIQUE = randomBytes(3).toString('hex');
const [DOOMED, TARGET, LASTING] = [`doomed-${UNIQUE}`, `doomed-target-${UNIQUE}`, `lasting-${UNIQUE}`];

const configMap = (name: string, more = '') => `---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${more}`;
const clusterRole = (name: string, more = '') => `---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: ${name}\n${more}rules: []\n`;
const pod = (play: string, name: string) =>
  `---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n  annotations: {lab.tagalong.dev/play: ${play}}\nspec:\n  containers: [{name: web, image: registry.invalid/web}]\n`;
const job = (name: string, event: string, play: string) => `---
apiVersion: batch/v1
kind: Job
metadata:
  name: ${name}
  annotations: {helm.sh/hook: ${event}}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {lab.tagalong.dev/play: "${play}"}}
    spec: {restartPolicy: Never, containers: [{name: main, image: registry.invalid/main}]}
`;

const install = async (site: Site, name: string, templates: string, spec: Readonly<Record<string, unknown>> = {}) => {
  await site.pushSmall(name, 'stable', '1.0.0', { 'templates/more.yaml': templates });
  await site.release(name, { chart: site.reference(name, 'stable'), ...spec });
};
const isGone = (site: Site, name: string) => site.eventually(`ChartRelease ${name} is gone`, async () => (await site.seen(name)) === undefined);
const waits = (site: Site, name: string) => site.reaches(name, 'waiting', (status) => conditionIn(status, 'Ready')?.reason === 'Progressing');
const fails = (site: Site, name: string) => site.reaches(name, 'UninstallFailed', (status) => conditionIn(status, 'Ready')?.reason === 'UninstallFailed');
const clusterRoles = async () => (await site.kubectl(['get', 'clusterroles', '-o', 'name'])).stdout.match(new RegExp(`[a-z-]+-${UNIQUE}`, 'g')) ?? [];
const secondsSince = (start: number) => (Date.now() - start) / 1000;

/** An admission policy that refuses to have ConfigMaps with a label deleted; it holds when this resolves, until `end`. */
const refuseDeletion = async (site: Site, reason: string) => {
  const name = `${site.namespace}-${reason.toLowerCase()}-${randomBytes(2).toString('hex')}`;
  const policy = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['DELETE'], resources: ['configmaps'] }],
        objectSelector: { matchLabels: { refused: name } },
      },
      validations: [{ expression: 'false', message: 'not this one', reason }],
    },
  };
  const binding = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name, validationActions: ['Deny'] },
  };
  const at = '/apis/admissionregistration.k8s.io/v1';
  await site.ask('POST', `${at}/validatingadmissionpolicies`, policy);
  await site.ask('POST', `${at}/validatingadmissionpolicybindings`, binding);
  const probe = `${name}-probe`;
  await site.kubectl(['apply', '--server-side', '-f', '-'], `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${probe}, labels: {refused: ${name}}}\n`);
  const isRefused = () =>
    site.ask('DELETE', `/api/v1/namespaces/${site.namespace}/configmaps/${probe}?dryRun=All`).then(
      () => false,
      () => true,
    );
  await site.eventually('the policy holds', isRefused);
  return {
    label: `  labels: {refused: ${name}}\n`,
    end: async () => {
      await site.ask('DELETE', `${at}/validatingadmissionpolicybindings/${name}`);
      await site.ask('DELETE', `${at}/validatingadmissionpolicies/${name}`);
      await site.eventually('the policy does not hold any more', async () => !(await isRefused()));
    },
  };
};

let site: Site;
beforeAll(async () => {
  site = await openSite('deletion', { namespaces: [DOOMED, LASTING], args: ['--deletion-timeout', '4s'] });
  for (const name of [DOOMED, TARGET, LASTING]) await site.addNamespace(name);
});
afterAll(async () => {
  await site.kubectl(['delete', 'clusterrole', `kept-${UNIQUE}`, '--ignore-not-found']);
  await site.kubectl(['delete', 'namespace', TARGET, '--wait=false']);
  await site.close();
});

describe.concurrent('a namespace that is deleted', () => {
  it('ends in time, whatever its releases are at, takes theirs along and leaves what is elsewhere', async () => {
    const [doomed, target] = [site.beside(DOOMED), site.beside(TARGET)];
    const beyond = configMap('beyond', `  namespace: ${site.namespace}\n`);
    const kept = clusterRole(`kept-${UNIQUE}`, '  annotations: {helm.sh/resource-policy: keep}\n');
    await install(
      doomed,
      'own',
      clusterRole(`own-${UNIQUE}`) + kept + beyond + job('farewell', 'pre-delete', 'not-ready') + configMap('bye', '  annotations: {helm.sh/hook: post-delete}\n'),
    );
    await install(doomed, 'elsewhere', clusterRole(`elsewhere-${UNIQUE}`) + job('parting', 'pre-delete', 'not-ready'), { targetNamespace: TARGET });
    await install(doomed, 'waits', clusterRole(`waits-${UNIQUE}`) + pod('not-ready', 'never'));
    await install(doomed, 'hooks', job('hangs', 'pre-install', 'not-ready'));
    await install(doomed, 'fails', clusterRole(`fails-${UNIQUE}`) + job('refuses', 'pre-delete', 'fail'));
    await install(doomed, 'held', clusterRole(`held-${UNIQUE}`) + job('holds', 'pre-delete', 'not-ready'));
    await doomed.release('none', { chart: doomed.reference('none', 'missing') });
    for (const name of ['own', 'elsewhere', 'fails', 'held']) await doomed.ready(name, 1);
    await waits(doomed, 'waits');
    await waits(doomed, 'hooks');
    await doomed.fails('none', 'ChartNotFound');
    await doomed.remove('fails');
    await doomed.remove('held');
    await fails(doomed, 'fails');
    await waits(doomed, 'held');
    const start = Date.now();
    await site.ask('DELETE', `/api/v1/namespaces/${DOOMED}`);
    await site.eventually('the namespace is gone', async () => (await site.read(`/api/v1/namespaces/${DOOMED}`)) === undefined);
    const seconds = secondsSince(start);
    console.log(`a namespace with 7 releases was gone ${seconds.toFixed(1)} s after it was deleted`);
    expect(seconds).toBeLessThan(60);
    expect(await clusterRoles()).toEqual([`elsewhere-${UNIQUE}`, `kept-${UNIQUE}`]);
    expect(await site.configMap('beyond')).toBeUndefined();
    expect(await target.configMap('elsewhere')).toMatchObject({ version: '1.0.0' });
    expect(JSON.parse((await target.helm(['list', '-o', 'json'])).stdout)).toMatchObject([{ name: 'elsewhere', status: 'deployed' }]);
    const events = (await target.kubectl(['get', 'events', '-o', 'jsonpath={range .items[?(@.reason=="Orphaned")]}{.involvedObject.name}: {.message}{"\\n"}{end}'])).stdout;
    expect(events).toContain(
      `sh.helm.release.v1.elsewhere.v1: Helm release ${TARGET}/elsewhere stays as it is, since it is the namespace of its ChartRelease that is being deleted`,
    );
    const log = site.operator.log().join('\n');
    expect(log).toMatch(/"name":"own".*uninstalled without hooks: its namespace is being deleted/);
    await target.helm(['uninstall', 'elsewhere', '--no-hooks']);
    expect(await clusterRoles()).toEqual([`kept-${UNIQUE}`]);
  });

  it('is not held up by an uninstall that cannot work, and what is left is listed in an Event about it', async () => {
    const policy = await refuseDeletion(site, 'Forbidden');
    const lasting = site.beside(LASTING);
    await install(lasting, 'lasting', configMap('lasting-left', `  namespace: ${site.namespace}\n${policy.label}`));
    await lasting.ready('lasting', 1);
    const start = Date.now();
    await site.ask('DELETE', `/api/v1/namespaces/${LASTING}`);
    await site.eventually('the namespace is gone', async () => (await site.read(`/api/v1/namespaces/${LASTING}`)) === undefined);
    console.log(`a namespace whose release cannot be uninstalled was gone ${secondsSince(start).toFixed(1)} s after it was deleted`);
    const events = (
      await site.kubectl(['get', 'events', '--namespace', 'default', '-o', 'jsonpath={range .items[?(@.reason=="LeftBehind")]}{.involvedObject.kind} {.message}{"\\n"}{end}'])
    ).stdout;
    expect(events).toContain(
      `Namespace ChartRelease ${LASTING}/lasting goes, and of Helm release ${LASTING}/lasting this is left, with its records: ConfigMap ${site.namespace}/lasting-left`,
    );
    await policy.end();
    await site.kubectl(['delete', 'configmap', 'lasting-left']);
  });
});

const removed = async (name: string) => {
  const start = Date.now();
  await site.remove(name);
  await isGone(site, name);
  return secondsSince(start);
};

/** A release with an object of a kind that it brings along. */
const withKind = async (name: string) => {
  const group = `${name}.${site.namespace}.test`;
  const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.${group}}
spec:
  group: ${group}
  scope: Namespaced
  names: {kind: Thing, plural: things, singular: thing}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
`;
  await site.pushSmall(name, 'stable', '1.0.0', { 'crds/things.yaml': definition, 'templates/thing.yaml': `apiVersion: ${group}/v1\nkind: Thing\nmetadata: {name: one}\n` });
  await site.release(name, { chart: site.reference(name, 'stable') });
  await site.ready(name, 1);
  await site.kubectl(['delete', 'crd', `things.${group}`]);
};

describe.concurrent('a ChartRelease that is deleted', () => {
  it.each([
    ['a wait', pod('not-ready', 'hanging')],
    ['a hook', job('hanging', 'pre-install', 'not-ready')],
  ])('goes at once while its install hangs in %s', async (what, template) => {
    const name = what.replace(' ', '-');
    await install(site, name, template);
    await waits(site, name);
    const seconds = await removed(name);
    console.log(`a ChartRelease whose install hangs in ${what} was gone ${seconds.toFixed(2)} s after it was deleted`);
    expect(seconds).toBeLessThan(10);
    expect(await site.configMap(name)).toBeUndefined();
    await expect(site.helm(['history', name])).rejects.toThrow('not found');
  });

  it('does not wait for an object whose own finalizer never ends', async () => {
    await install(site, 'sticky', configMap('sticky-one', '  finalizers: [lab.tagalong.dev/never]\n'));
    await site.ready('sticky', 1);
    await removed('sticky');
    expect(await site.object('configmaps/sticky-one')).toMatchObject({ metadata: { deletionTimestamp: expect.any(String) } });
    await site.kubectl(['patch', 'configmap', 'sticky-one', '--type=merge', '--patch', '{"metadata":{"finalizers":null}}']);
  });

  it('goes though a kind of its objects is gone', async () => {
    await withKind('kindless');
    await removed('kindless');
    expect(await site.configMap('kindless')).toBeUndefined();
  });
});

describe.concurrent('an uninstall that cannot work', () => {
  it.each(['Forbidden', 'Invalid'])('because a deletion is denied (%s) deletes the rest, is tried for a while, and lists what is left', async (reason) => {
    const name = `denied-${reason.toLowerCase()}`;
    const policy = await refuseDeletion(site, reason);
    await install(site, name, configMap(`${name}-left`, policy.label) + configMap(`${name}-goes`) + clusterRole(`${name}-${UNIQUE}`));
    await site.ready(name, 1);
    const start = Date.now();
    await site.remove(name);
    expect(conditionIn(await fails(site, name), 'Ready')?.message).toMatch(
      new RegExp(`^cannot uninstall ${site.namespace}/${name}: an object could not be deleted: cannot remove ConfigMap ${site.namespace}/${name}-left: .*not this one`),
    );
    await isGone(site, name);
    expect(secondsSince(start)).toBeGreaterThan(4);
    expect([await site.configMap(`${name}-goes`), await site.configMap(name)]).toEqual([undefined, undefined]);
    expect(await clusterRoles()).not.toContain(`${name}-${UNIQUE}`);
    const events = (await site.kubectl(['get', 'events', '-o', 'jsonpath={range .items[?(@.reason=="LeftBehind")]}{.type} {.involvedObject.name}: {.message}{"\\n"}{end}'])).stdout;
    expect(events).toContain(
      `Warning ${name}: ChartRelease ${site.namespace}/${name} goes, and of Helm release ${site.namespace}/${name} this is left, with its records: ConfigMap ${site.namespace}/${name}-left; helm uninstall ends it: `,
    );
    expect(site.operator.log().filter((line) => line.includes(`"name":"${name}"`) && line.includes('this is left'))).toHaveLength(1);
    await policy.end();
    await site.helm(['uninstall', name]);
    expect(await site.configMap(`${name}-left`)).toBeUndefined();
  });

  it('because rights are gone goes on with those that are left, and waits where none is', async () => {
    const [role, roles] = [`rights-${site.namespace}`, '/apis/rbac.authorization.k8s.io/v1'];
    const give = async (verbs: readonly string[]) => {
      const object = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: role }, rules: [{ apiGroups: ['*'], resources: ['*'], verbs }] };
      await site.ask('PATCH', `${roles}/clusterroles/${role}?fieldManager=test&force=true`, object, 'application/apply-patch+yaml');
    };
    const mayDelete = async () => {
      const resourceAttributes = { verb: 'delete', resource: 'configmaps', namespace: 'default' };
      const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec: { user: `system:serviceaccount:${site.namespace}:operator`, resourceAttributes } };
      return (await site.ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review)).includes('"allowed":true');
    };
    await site.kubectl(['create', 'serviceaccount', 'operator']);
    await give(['*']);
    await site.kubectl(['create', 'clusterrolebinding', role, `--clusterrole=${role}`, `--serviceaccount=${site.namespace}:operator`]);
    await site.eventually('the operator has its rights', mayDelete);
    const token = (await site.kubectl(['create', 'token', 'operator'])).stdout.trim();
    const other = await openSite('rights', { token, args: ['--deletion-timeout', '3s'] });
    try {
      await install(other, 'half', configMap('half-left'));
      await install(other, 'none', configMap('none-left'));
      await other.ready('half', 1);
      await other.ready('none', 1);
      await give(['get', 'list', 'watch', 'create', 'update', 'patch']);
      await site.eventually('the operator may delete nothing', async () => !(await mayDelete()));
      await other.remove('half');
      expect(conditionIn(await fails(other, 'half'), 'Ready')?.message).toMatch(/^cannot uninstall .*: 2 objects could not be deleted: .*the API server does not allow it/);
      await isGone(other, 'half');
      const events = (await other.kubectl(['get', 'events', '-o', 'jsonpath={range .items[?(@.reason=="LeftBehind")]}{.message}{"\\n"}{end}'])).stdout;
      expect(events).toMatch(
        new RegExp(`this is left, with its records: ConfigMap ${other.namespace}/half(-left)?, ConfigMap ${other.namespace}/half(-left)?; helm uninstall ends it: `),
      );
      await give(['list', 'watch']);
      await other.remove('none');
      const hasSaid = async () => other.operator.log().some((line) => line.includes(`${other.namespace}/none`) && line.includes('does not allow it'));
      await other.eventually('the operator says that it may do nothing', hasSaid);
      expect(await other.configMap('none-left')).toEqual({});
      await give(['*']);
      await isGone(other, 'none');
      expect(await other.configMap('none-left')).toBeUndefined();
    } finally {
      await other.close();
      await site.kubectl(['delete', 'clusterrole,clusterrolebinding', role]);
    }
  });
});

describe('an operator that starts', () => {
  it('uninstalls what was deleted while it was away, also where a kind of its objects is gone', async () => {
    await withKind('away');
    await site.operator.stop();
    await site.remove('away');
    expect(await site.configMap('away')).toMatchObject({ version: '1.0.0' });
    await site.startOperator();
    await isGone(site, 'away');
    expect(await site.configMap('away')).toBeUndefined();
  });
});
