import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Capabilities } from '../../src/ports/renderer.ts';
import { chartTgz } from '../registry/tar.ts';
import type { Question } from './chart.ts';

/** What stock helm printed, or what it complained of. */
export type Answer = { readonly kind: 'Printed'; readonly text: string } | { readonly kind: 'Refused'; readonly complaint: string };

/** What templates are told besides values, the same for both sides. */
export interface Circumstances {
  readonly release: { readonly name: string; readonly namespace: string; readonly action: 'install' | 'upgrade' };
  readonly kubeVersion: string;
  /** API versions besides those that Helm knows by itself. */
  readonly extraApiVersions: readonly string[];
}

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

const PROBE = `{{ dict "kubeVersion" .Capabilities.KubeVersion.Version "apiVersions" .Capabilities.APIVersions | toJson }}`;

/** The stock helm command, without cluster, plugins or configuration; it keeps what it is given in `dir`. */
export class StockHelm {
  readonly #command: string;
  readonly #dir: string;
  readonly #written = new Map<string | Uint8Array, Promise<string>>();

  constructor(command: string, dir: string) {
    this.#command = command;
    this.#dir = dir;
  }

  /** What `.Capabilities` has when nothing is said of the cluster. */
  async ownCapabilities(): Promise<Capabilities> {
    const probe = chartTgz('probe', { 'Chart.yaml': 'apiVersion: v2\nname: probe\nversion: 1.0.0\n', 'templates/probe.yaml': PROBE });
    const answer = await this.#run(['template', 'probe', await this.#write(probe, '.tgz')]);
    if (answer.kind === 'Refused') throw new Error(`cannot ask helm for its capabilities: ${answer.complaint}`);
    return JSON.parse(answer.text.replace(/^---\n#.*\n/, '')) as Capabilities; // what PROBE prints
  }

  /** `helm template`: manifest, trimmed, and hooks; with `includeCrds`, what is in crds/ before them. */
  async template(question: Question, archive: Uint8Array, { release, ...cluster }: Circumstances, includeCrds = false): Promise<Answer> {
    const flags = [
      ...(release.action === 'upgrade' ? ['--is-upgrade'] : []),
      ...(includeCrds ? ['--include-crds'] : []),
      ...cluster.extraApiVersions.flatMap((version) => ['--api-versions', version]),
    ];
    return await this.#run(['template', ...(await this.#common(question, archive, release)), '--kube-version', cluster.kubeVersion, ...flags]);
  }

  /** `helm install` that stops before it would speak to a cluster, and prints the release that it would record, as JSON. */
  async dryRun(question: Question, archive: Uint8Array, release: Circumstances['release']): Promise<Answer> {
    return await this.#run(['install', ...(await this.#common(question, archive, release)), '--dry-run=client', '--output', 'json']);
  }

  async #common({ values }: Question, archive: Uint8Array, { name, namespace }: Circumstances['release']): Promise<readonly string[]> {
    return [name, await this.#write(archive, '.tgz'), '--namespace', namespace, '--values', await this.#write(values.text, '.yaml')];
  }

  #write(content: string | Uint8Array, extension: string): Promise<string> {
    const known = this.#written.get(content);
    if (known !== undefined) return known;
    const file = path.join(this.#dir, `${this.#written.size}${extension}`);
    const written = mkdir(this.#dir, { recursive: true })
      .then(() => writeFile(file, content))
      .then(() => file);
    this.#written.set(content, written);
    return written;
  }

  #run(args: readonly string[]): Promise<Answer> {
    const env = { HOME: this.#dir, KUBECONFIG: path.join(this.#dir, 'none'), HELM_NO_PLUGINS: '1' };
    return new Promise((resolve, reject) => {
      execFile(this.#command, args, { env, maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
        if (error === null) resolve({ kind: 'Printed', text: stdout });
        else if (typeof error.code === 'number') resolve({ kind: 'Refused', complaint: stderr });
        else reject(new Error(`cannot run ${this.#command} ${args.join(' ')}: ${error.message}`, { cause: error }));
      });
    });
  }
}
