import { listAt, at, textAt } from './fields.ts';

/** Whose notifications a receiver takes. */
export const SENDERS = ['distribution', 'harbor', 'github', 'dockerhub', 'generic'] as const;
export type Sender = (typeof SENDERS)[number];

/** Something was pushed, somebody says: worth a look, and nothing more is believed of it. */
export interface PushHint {
  /** `host[:port]` as references write it. */
  readonly registry: string;
  readonly repository: string;
  /** Undefined where any tag may be meant. */
  readonly tag: string | undefined;
}

/** So many of one notification are looked at. */
const MOST_HINTS = 100;

/** What a notification says was pushed or deleted; nothing where it is of another kind. Nothing in it is trusted, and no URL in it is for us to follow. */
export const hintsIn = (sender: Sender, body: unknown): readonly PushHint[] => {
  const hints = READERS[sender](body);
  return hints.filter(({ registry, repository }) => registry !== '' && repository !== '').slice(0, MOST_HINTS);
};

type Reader = (body: unknown) => readonly PushHint[];

/** CNCF distribution, `notifications.endpoints`; GitLab's registry is one. The host is that by which the pusher reached it. */
const distribution: Reader = (body) =>
  listAt(body, 'events')
    .filter((event) => ['push', 'delete'].includes(textAt(event, 'action')))
    .map((event) => hint(textAt(event, 'request', 'host'), textAt(event, 'target', 'repository'), textAt(event, 'target', 'tag')));

/** Harbor, a webhook policy of the type http with the default payload. */
const harbor: Reader = (body) => {
  if (!['PUSH_ARTIFACT', 'DELETE_ARTIFACT'].includes(textAt(body, 'type'))) return [];
  return listAt(body, 'event_data', 'resources').map((resource) => {
    const url = textAt(resource, 'resource_url');
    return hint(hostOf(url), textAt(body, 'event_data', 'repository', 'repo_full_name'), textAt(resource, 'tag'));
  });
};

/** GitHub, a webhook with the event `registry_package` or `package`: ghcr.io/OWNER/NAME, in lower case. */
const github: Reader = (body) => {
  const found = at(body, 'registry_package') ?? at(body, 'package');
  const version = at(found, 'package_version');
  const [owner, name] = [textAt(found, 'namespace') || textAt(found, 'owner', 'login'), textAt(found, 'name')];
  if (textAt(found, 'package_type').toLowerCase() !== 'container' || owner === '' || name === '') return [];
  return [hint('ghcr.io', `${owner}/${name}`.toLowerCase(), textAt(version, 'container_metadata', 'tag', 'name'))];
};

/** Docker Hub, a webhook of a repository. */
const dockerhub: Reader = (body) => [hint('docker.io', textAt(body, 'repository', 'repo_name'), textAt(body, 'push_data', 'tag'))];

/** Whoever can sign a body: `{"references": ["host/ns/app:1.2", "host/ns/other"]}`. */
const generic: Reader = (body) =>
  listAt(body, 'references').map((reference) => {
    const [, registry = '', repository = '', tag = ''] = typeof reference === 'string' ? (REFERENCE.exec(reference) ?? []) : [];
    return hint(registry, repository, tag);
  });

const REFERENCE = /^(?:oci:\/\/)?([^/\s]{1,255})\/([^:@\s]{1,255})(?::([^:@\s]{1,128}))?$/;

const READERS: Readonly<Record<Sender, Reader>> = { distribution, harbor, github, dockerhub, generic };

const hint = (registry: string, repository: string, tag: string): PushHint => ({ registry, repository, tag: tag === '' ? undefined : tag });

const hostOf = (reference: string): string => /^(?:https?:\/\/)?([^/]+)\//.exec(reference)?.[1] ?? '';
