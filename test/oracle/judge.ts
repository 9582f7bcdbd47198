import type { Rendered, RenderedObject } from '../../src/ports/renderer.ts';
import { isSameButForChance } from './chance.ts';
import type { Question } from './chart.ts';
import { hookTexts, objectsDifference, recordDifferences, templateText, textDifference } from './compare.ts';
import { isSameComplaint } from './complaint.ts';
import type { Operator, Outcome } from './operator.ts';
import { servedBy } from './served.ts';
import type { Answer, Circumstances, StockHelm } from './stock-helm.ts';

/** A question with all that is said besides, in the one archive that both sides get. */
export interface Case {
  readonly question: Question;
  readonly archive: Uint8Array;
  readonly circumstances: Circumstances;
  /** Whether CRDs, and the release that `helm install` would record, are compared too; that command knows no cluster but Helm's own idea of one. */
  readonly isThorough: boolean;
}

/** What came of one outcome: `apart` names a purpose for which the operator refuses what `helm template` prints. */
export type Verdict = { readonly kind: 'Same' } | { readonly kind: 'Apart'; readonly purpose: Purpose } | { readonly kind: 'Different'; readonly differences: readonly string[] };

export type Purpose = keyof typeof ON_PURPOSE;

// What the operator refuses and `helm template` does not, although `helm install` or an API server would in part.
const ON_PURPOSE = {
  'a schema refers to another document': /references out of the document are not followed/,
  'an object that no API server takes': /cannot use an object of /,
} as const satisfies Record<string, RegExp>;

export interface Sides {
  readonly helm: Pick<StockHelm, 'template' | 'dryRun'>;
  readonly operator: Pick<Operator, 'render' | 'read'>;
}

/** Compares what the operator made of one case, however often it was asked, with what stock helm makes of it. */
export class Judge {
  readonly #sides: Sides;
  readonly #case: Case;
  readonly #helms: Promise<Answer>;
  #helmsAgain: Promise<Answer> | undefined;

  /** `first` is any outcome; its CRDs tell which API versions are served, which stock helm has to be told. */
  constructor(sides: Sides, one: Case, first: Outcome) {
    this.#sides = sides;
    const served = first.kind === 'Rendered' ? servedBy(first.rendered.crds) : [];
    const { circumstances } = one;
    this.#case = { ...one, circumstances: { ...circumstances, extraApiVersions: [...circumstances.extraApiVersions, ...served] } };
    this.#helms = this.#template();
  }

  async judge(outcome: Outcome): Promise<Verdict> {
    const helms = await this.#helms;
    if (outcome.kind === 'Refused') return refusal(outcome.message, helms);
    if (helms.kind === 'Refused') return different([`helm refuses it: ${helms.complaint.trim()}`]);
    return different(await this.#compare(outcome.rendered, helms.text));
  }

  async #compare(rendered: Rendered, helms: string): Promise<readonly string[]> {
    const ours = templateText(rendered);
    const hasChance = ours !== helms && (await this.#isChance(ours, helms));
    const manifest = hasChance ? undefined : textDifference('manifest', ours, helms);
    if (manifest !== undefined) return [manifest];
    return [...(await this.#objects(rendered)), ...(await this.#crds(rendered)), ...(await this.#record(rendered, hasChance))];
  }

  /** Helm applies what it reads in the manifest as a whole, and each hook by itself. */
  async #objects(rendered: Rendered): Promise<readonly string[]> {
    const { operator } = this.#sides;
    const hooks = [];
    for (const text of hookTexts(rendered)) hooks.push(...(await operator.read(text)));
    const differences = [
      objectsDifference('list of objects', rendered.objects, await operator.read(rendered.manifest)),
      objectsDifference('list of hooks', rendered.hooks.map(sourceless), hooks.map(sourceless)),
    ];
    return differences.filter((one) => one !== undefined);
  }

  async #isChance(ours: string, helms: string): Promise<boolean> {
    this.#helmsAgain ??= this.#template();
    const again = await this.#helmsAgain;
    return again.kind === 'Printed' && again.text !== helms && isSameButForChance(ours, helms, again.text);
  }

  async #crds({ crds }: Rendered): Promise<readonly string[]> {
    if (!this.#case.isThorough || crds.length === 0) return [];
    const { question, archive, circumstances } = this.#case;
    const answer = await this.#sides.helm.template(question, archive, circumstances, true);
    if (answer.kind === 'Refused') return [`helm refuses it with its CRDs: ${answer.complaint}`];
    const all = await this.#sides.operator.read(answer.text);
    const difference = objectsDifference('list of CRDs', byName(crds), byName(all.slice(0, crds.length)));
    return difference === undefined ? [] : [difference];
  }

  // `helm install` cannot be told which API versions the chart's CRDs serve.
  async #record(rendered: Rendered, hasChance: boolean): Promise<readonly string[]> {
    const { question, archive, circumstances, isThorough } = this.#case;
    if (!isThorough || rendered.crds.length > 0) return [];
    const answer = await this.#sides.helm.dryRun(question, archive, circumstances.release);
    if (answer.kind === 'Refused') return [`helm refuses to install it: ${answer.complaint}`];
    return recordDifferences(rendered, answer.text, hasChance);
  }

  #template(): Promise<Answer> {
    const { question, archive, circumstances } = this.#case;
    return this.#sides.helm.template(question, archive, circumstances);
  }
}

// Helm takes subcharts that Chart.yaml does not name in the order of a map in Go, and names the source of a file's first CRD alone.
const byName = (objects: Rendered['crds']): Rendered['crds'] => objects.map(sourceless).sort((one, other) => (one.name < other.name ? -1 : Number(one.name > other.name)));

const sourceless = (object: RenderedObject): RenderedObject => ({ ...object, source: '' });

const refusal = (message: string, helms: Answer): Verdict => {
  const purpose = purposeOf(message);
  if (purpose !== undefined) return { kind: 'Apart', purpose };
  if (helms.kind === 'Printed') return different([`ours refuses it: ${message}`]);
  return different(
    isSameComplaint(message, helms.complaint) ? [] : [`complaints differ\n    helm: ${JSON.stringify(helms.complaint.trim())}\n    ours: ${JSON.stringify(message)}`],
  );
};

const purposeOf = (message: string): Purpose | undefined => (Object.keys(ON_PURPOSE) as Purpose[]).find((purpose) => ON_PURPOSE[purpose].test(message));

const different = (differences: readonly string[]): Verdict => (differences.length === 0 ? { kind: 'Same' } : { kind: 'Different', differences });
