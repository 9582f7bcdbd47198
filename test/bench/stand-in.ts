import type { ApiWrite } from './api-client.ts';
import type { Place } from './releases.ts';
import type { Sample } from './sample.ts';

/** A group of the same length as ours, whose ChartReleases no operator looks at. */
export const FLOOR_GROUP = 'standsin.dev';

/** Words by which an operator would find what the floor writes, each with one of the same length. */
const DISGUISE: readonly (readonly [string, string])[] = [
  ['tagalong.dev', FLOOR_GROUP],
  ['helm.sh/release.v1', 'held.sh/release.v1'],
  ['"owner":"helm"', '"owner":"held"'],
];

/** The text without the words by which an operator would find it. */
export const disguised = (text: string): string => DISGUISE.reduce((changed, [ours, other]) => changed.replaceAll(ours, other), text);

/** The writes of a sample as another release's, of the same size to the byte. */
export const standIn = (sample: Sample, place: Place): Omit<Sample, 'place'> => {
  const rename = (text: string): string => disguised(text).replaceAll(sample.place.namespace, place.floorNamespace).replaceAll(sample.place.name, place.name);
  const as = (write: ApiWrite): ApiWrite => ({ ...write, path: rename(write.path), ...(write.body !== undefined && { body: rename(write.body) }) });
  return {
    pending: as(sample.pending),
    objects: sample.objects.map(as),
    deployed: as(sample.deployed),
    superseded: sample.superseded && as(sample.superseded),
    status: as(sample.status),
    event: as(sample.event),
  };
};
