import { deploymentSpec } from '../kube/objects.ts';
import { changesUnder, inOrder } from '../lab/history.ts';
import type { Site } from '../lab/site.ts';
import { type Step, stepOf } from './steps.ts';

/** Name of the objects that are made last of all, so that a history that has them is whole. */
const LAST = 'end-of-history';

/** Ends the operator, and reads everything that happened to the releases of the site. To be called once. */
export const siteHistory = async (site: Site): Promise<readonly Step[]> => {
  await site.operator.stop();
  const { namespace, lab } = site;
  const metadata = { name: LAST, namespace };
  const kinds = [
    { resource: 'configmaps', last: { apiVersion: 'v1', kind: 'ConfigMap', metadata } },
    { resource: 'secrets', last: { apiVersion: 'v1', kind: 'Secret', metadata } },
    { resource: 'deployments', last: { apiVersion: 'apps/v1', kind: 'Deployment', metadata, ...deploymentSpec({}, 0) } },
    { resource: 'tagalong.dev/chartreleases', last: { apiVersion: 'tagalong.dev/v1beta1', kind: 'ChartRelease', metadata, spec: { chart: site.reference('none', 'none') } } },
  ];
  await site.kubectl(['create', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: kinds.map(({ last }) => last) }));
  const prefixes = kinds.map(({ resource }) => `/registry/${resource}/${namespace}/`);
  const changes = inOrder(await Promise.all(prefixes.map((prefix) => changesUnder(lab.etcd, prefix, prefix + LAST))));
  return changes.filter(({ key }) => !key.endsWith(`/${LAST}`)).flatMap((one) => stepOf(one) ?? []);
};
