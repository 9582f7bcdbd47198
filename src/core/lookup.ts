/** What a template wants to know of the cluster: one object, or all of its kind where the name is empty, in all namespaces where that is empty too. */
export interface LookupQuestion {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** What was there when a template asked; never what it says. */
export type Finding =
  | { readonly kind: 'Nothing' }
  | { readonly kind: 'Object'; readonly uid: string; readonly resourceVersion: string }
  | { readonly kind: 'List'; readonly count: number; readonly resourceVersion: string };

/** A question, and what was found. */
export interface Lookup {
  readonly question: LookupQuestion;
  readonly finding: Finding;
}

/** So many different questions one render may ask, and so many bytes its answers may have in all. */
export const QUESTIONS_ALLOWED = 64;
export const ANSWER_BYTES_ALLOWED = 4 * 1024 * 1024;

/** The longest name there is, of a group with its version, has some 320 characters. */
const LONGEST_WORD = 512;
/** So much of the questions is noted on a record. */
const NOTE_LENGTH = 16 * 1024;

/** The same for the same question. */
export const questionKey = ({ apiVersion, kind, namespace, name }: LookupQuestion): string => JSON.stringify([apiVersion, kind, namespace, name]);

/** The question as messages name it: `Secret shop/db`, `all Secret objects of namespace shop`, `all Node objects`. */
export const printQuestion = ({ kind, namespace, name }: LookupQuestion): string => {
  if (name !== '') return shortened(namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`);
  return shortened(namespace === '' ? `all ${kind} objects` : `all ${kind} objects of namespace ${namespace}`);
};

/** Why a question is not put to the API server; undefined where it is. `asked` has the keys of those before it. */
export const refusalOf = (question: LookupQuestion, asked: Pick<ReadonlyMap<string, unknown>, 'has' | 'size'>): string | undefined => {
  const { apiVersion, kind, namespace, name } = question;
  if ([apiVersion, kind, namespace, name].some(isNoWord) || [namespace, name].some(isNoPathSegment)) return `cannot look up ${printQuestion(question)}: nothing can have this name`;
  if (asked.has(questionKey(question)) || asked.size < QUESTIONS_ALLOWED) return undefined;
  return `cannot look up ${printQuestion(question)}: the templates have looked up ${QUESTIONS_ALLOWED} things already, and no more are answered; list them in one lookup without a name`;
};

/** The message for answers that are too large in all. */
export const tooMuch = (question: LookupQuestion): string =>
  `cannot look up ${printQuestion(question)}: the answers to the lookups of this chart would have more than ${ANSWER_BYTES_ALLOWED / 1024 / 1024} MiB; look for less by namespace or name`;

/** JSON of what was looked up, for the record; what does not fit is counted only. */
export const lookupsNote = (lookups: readonly Lookup[]): string => {
  const notes = lookups.map(({ question, finding: { kind, ...found } }) => JSON.stringify({ ...question, ...(kind === 'Nothing' ? { found: false } : found) }));
  let length = 0;
  const kept = notes.filter((note) => {
    length += note.length + 1;
    return length <= NOTE_LENGTH;
  });
  return `[${[...kept, ...(kept.length < notes.length ? [JSON.stringify({ more: notes.length - kept.length })] : [])].join(',')}]`;
};

const isNoWord = (word: string): boolean => word.length > LONGEST_WORD || !word.isWellFormed();

/** It would lead to another path of the API server than that of an object; Helm's Kubernetes client refuses the same. */
const isNoPathSegment = (word: string): boolean => word === '.' || word === '..' || /[/%]/.test(word);

const shortened = (text: string): string => (text.length > LONGEST_WORD ? `${text.slice(0, LONGEST_WORD)}...` : text);
