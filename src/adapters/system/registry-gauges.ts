import type { RegistryView } from '../../ports/registry.ts';
import type { Instruments } from './instruments.ts';

/** Who knows how registries fare. */
export interface RegistrySource {
  registries(): readonly RegistryView[];
}

/** Whoever may write ChartReleases could have any number of hosts asked: those with the most polls are shown. */
const MOST_REGISTRIES = 100;

/** How each registry fares, read at each scrape. */
export const registryGauges = (instruments: Instruments, read: () => readonly RegistryView[]): void => {
  const show = (name: GaugeName, readFrom: (view: RegistryView) => number | undefined): void => {
    instruments.gauge(name, (gauge) => {
      // Registries come and go.
      gauge.reset();
      for (const view of shown(read())) {
        const value = readFrom(view);
        if (value !== undefined) gauge.set({ registry: view.registry }, value);
      }
    });
  };
  show('tagalong_registry_polls', ({ polls }) => polls);
  show('tagalong_registry_poll_stretch', ({ stretch }) => stretch);
  show('tagalong_registry_budget_limit', ({ budget }) => budget?.limit);
  show('tagalong_registry_budget_remaining', ({ budget }) => budget?.remaining);
  show('tagalong_registry_failures', ({ failures }) => failures);
  show('tagalong_registry_held_until_timestamp_seconds', ({ heldUntil }) => heldUntil && heldUntil / 1000);
  show('tagalong_registry_next_poll_timestamp_seconds', ({ nextPollAt }) => nextPollAt && nextPollAt / 1000);
};

type GaugeName =
  | 'tagalong_registry_polls'
  | 'tagalong_registry_poll_stretch'
  | 'tagalong_registry_budget_limit'
  | 'tagalong_registry_budget_remaining'
  | 'tagalong_registry_failures'
  | 'tagalong_registry_held_until_timestamp_seconds'
  | 'tagalong_registry_next_poll_timestamp_seconds';

const shown = (views: readonly RegistryView[]): readonly RegistryView[] => views.toSorted((one, other) => other.polls - one.polls).slice(0, MOST_REGISTRIES);
