/** A container as its Pod's status has it, nothing of which is trusted. */
interface Told {
  readonly name: string;
  readonly text: string;
  /** How much it says about why the pod does not succeed. */
  readonly weight: number;
}

/** The container of a parsed Pod that says most of why it does not succeed, and what it says. */
export const tellingContainer = (pod: unknown): { readonly name: string; readonly text: string } | undefined => {
  const told = [...listAt(pod, 'status', 'initContainerStatuses'), ...listAt(pod, 'status', 'containerStatuses')].flatMap(tell);
  return told.toSorted((one, other) => other.weight - one.weight)[0];
};

/** Why a Pod is as it is, where it says so itself: it was evicted, or cannot be scheduled. */
export const podWords = (pod: unknown): string => {
  const [reason, message] = [textAt(pod, 'status', 'reason'), textAt(pod, 'status', 'message')];
  if (reason !== '') return message === '' ? reason : `${reason}: ${message}`;
  const unscheduled = listAt(pod, 'status', 'conditions').find((one) => textAt(one, 'type') === 'PodScheduled' && textAt(one, 'status') === 'False');
  return textAt(unscheduled, 'message');
};

const tell = (status: unknown): readonly Told[] => {
  const name = textAt(status, 'name');
  const waiting = textAt(status, 'state', 'waiting', 'reason');
  const ended = endOf(at(status, 'state', 'terminated')) ?? endOf(at(status, 'lastState', 'terminated'));
  if (ended !== undefined) return [{ name, text: `container ${name} ${ended.text}${waiting === '' ? '' : `, ${waiting}`}`, weight: ended.code === 0 ? 0 : 2 }];
  const message = textAt(status, 'state', 'waiting', 'message');
  return waiting === '' ? [] : [{ name, text: `container ${name}: ${waiting}${message === '' ? '' : ` (${message})`}`, weight: 1 }];
};

const endOf = (state: unknown): { readonly code: number; readonly text: string } | undefined => {
  const code = at(state, 'exitCode');
  if (typeof code !== 'number') return undefined;
  const why = [textAt(state, 'reason'), textAt(state, 'message').trim()].filter((word) => word !== '').join(': ');
  return { code, text: `exited with ${code}${why === '' ? '' : ` (${why})`}` };
};

const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Readonly<Record<string, unknown>>)[key] : undefined), value);

const textAt = (value: unknown, ...path: readonly string[]): string => {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
};

const listAt = (value: unknown, ...path: readonly string[]): readonly unknown[] => {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
};
