import { expect, it } from 'vitest';
import { hintsIn, type PushHint, type Sender } from './push-event.ts';

const of = (registry: string, repository: string, tag?: string): PushHint => ({ registry, repository, tag });
const event = (action: string, target: object) => ({ id: '1', action, target, request: { id: '2', host: 'r.example:5000', method: 'PUT' }, actor: {}, source: {} });

it.each<readonly [string, Sender, unknown, readonly PushHint[]]>([
  [
    'a push to a distribution registry',
    'distribution',
    {
      events: [
        event('push', { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', repository: 'ns/app', url: 'http://evil.example/' }),
        event('push', { mediaType: 'application/vnd.oci.image.manifest.v1+json', repository: 'ns/app', tag: '1.2.3', url: 'http://r.example:5000/v2/ns/app/manifests/sha256:0' }),
        event('pull', { repository: 'ns/other', tag: '1' }),
        event('delete', { repository: 'ns/gone', tag: '2' }),
      ],
    },
    [of('r.example:5000', 'ns/app'), of('r.example:5000', 'ns/app', '1.2.3'), of('r.example:5000', 'ns/gone', '2')],
  ],
  [
    'a push to Harbor',
    'harbor',
    {
      type: 'PUSH_ARTIFACT',
      occur_at: 1,
      operator: 'admin',
      event_data: {
        resources: [{ digest: 'sha256:0', tag: '1.2.3', resource_url: 'harbor.example/ns/app:1.2.3' }],
        repository: { date_created: 1, name: 'app', namespace: 'ns', repo_full_name: 'ns/app', repo_type: 'private' },
      },
    },
    [of('harbor.example', 'ns/app', '1.2.3')],
  ],
  ['a scan in Harbor', 'harbor', { type: 'SCANNING_COMPLETED', event_data: { resources: [{ tag: '1', resource_url: 'harbor.example/ns/app:1' }] } }, []],
  [
    'a package of GitHub',
    'github',
    {
      action: 'published',
      registry_package: {
        name: 'App',
        namespace: 'Org',
        package_type: 'CONTAINER',
        package_version: { package_url: 'ghcr.io/org/app:1.2.3', container_metadata: { tag: { name: '1.2.3', digest: 'sha256:0' } } },
      },
    },
    [of('ghcr.io', 'org/app', '1.2.3')],
  ],
  [
    'the older event of GitHub',
    'github',
    { action: 'published', package: { name: 'charts/app', package_type: 'container', owner: { login: 'org' }, package_version: { container_metadata: { tag: { name: '' } } } } },
    [of('ghcr.io', 'org/charts/app')],
  ],
  ['a package of another kind', 'github', { action: 'published', registry_package: { name: 'app', namespace: 'org', package_type: 'npm' } }, []],
  ["GitHub's first word", 'github', { zen: 'Design for failure.', hook_id: 1 }, []],
  [
    'a push to Docker Hub',
    'dockerhub',
    { callback_url: 'http://evil.example/', push_data: { pushed_at: 1, pusher: 'me', tag: 'stable' }, repository: { name: 'app', namespace: 'ns', repo_name: 'ns/app' } },
    [of('docker.io', 'ns/app', 'stable')],
  ],
  [
    'references of somebody else',
    'generic',
    { references: ['r.example:5000/ns/app:1.2.3', 'oci://r.example/ns/app', 'nothing', 'r.example/ns/app@sha256:0', 7] },
    [of('r.example:5000', 'ns/app', '1.2.3'), of('r.example', 'ns/app')],
  ],
  ['nothing of null', 'distribution', null, []],
  ['nothing of a list', 'harbor', [], []],
  ['nothing of a text', 'generic', 'r.example/ns/app', []],
  ['nothing of other shapes', 'distribution', { events: [null, 7, { action: 'push', target: 'x', request: [] }] }, []],
])('reads %s', (_name, sender, body, expected) => {
  expect(hintsIn(sender, body)).toEqual(expected);
});

it('reads a hundred of one notification', () => {
  expect(hintsIn('generic', { references: Array(1000).fill('r.example/ns/app:1') })).toHaveLength(100);
});
