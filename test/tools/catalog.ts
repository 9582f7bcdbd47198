/** The programs that the lab and the tests are made of. Versions are those of the go.mod files beside this one. */
export const TOOL_NAMES = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl', 'kwok', 'registry', 'helm', 'helm3'] as const;

export type ToolName = (typeof TOOL_NAMES)[number];

/** An official release file. One without a sha256 that can be named with its source is not in the table at all. */
export interface Download {
  /** Always https://<host>/<path>; a mirror is asked for <base>/<host>/<path>. */
  readonly url: string;
  readonly sha256: string;
  /** Where the sha256 was read. */
  readonly source: string;
  /** The file wanted from a .tar.gz; without it the download is the program itself. */
  readonly member?: string;
}

export interface Tool {
  readonly version: string;
  /** Folder beside this file whose go.mod pins what the tool is built from. */
  readonly module: string;
  readonly goPackage: string;
  /** `-X` settings: names of string variables and the values they are linked with. */
  readonly linked: Readonly<Record<string, string>>;
  /** Arguments that make the program print its version, which `accepts` then reads. */
  readonly versionArgs: readonly string[];
  readonly accepts: (printed: string) => boolean;
  /** By `${process.platform}-${process.arch}`. */
  readonly downloads: Readonly<Record<string, Download>>;
}

export type Catalog = Readonly<Record<ToolName, Tool>>;

const KUBERNETES = '1.36.3';

// Without these kube-apiserver calls itself v0.0.0 and charts with a kubeVersion refuse it.
const KUBERNETES_LINKED = {
  'k8s.io/component-base/version.gitVersion': `v${KUBERNETES}`,
  'k8s.io/component-base/version.gitMajor': '1',
  'k8s.io/component-base/version.gitMinor': '36',
};

// No sha256 of the release files of Kubernetes 1.36.3 (dl.k8s.io), etcd 3.6.9, Helm 4.3.1 and 3.22.0 (get.helm.sh) or
// distribution 3.1.2 could be had with a source to name, so these have no download.
const NO_DOWNLOADS = {};

const KWOK_SOURCE = 'PKGBUILD of the AUR package kwok-bin 0.8.0-1';
const KWOK_RELEASE = 'https://github.com/kubernetes-sigs/kwok/releases/download/v0.8.0';

export const CATALOG: Catalog = {
  etcd: {
    version: '3.6.9',
    module: 'etcd',
    goPackage: 'go.etcd.io/etcd/server/v3',
    linked: {},
    versionArgs: ['--version'],
    accepts: prints('etcd Version: 3.6.9'),
    downloads: NO_DOWNLOADS,
  },
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  'kube-scheduler': kubernetes('kube-scheduler'),
  kubectl: {
    ...kubernetes('kubectl'),
    versionArgs: ['version', '--client'],
    accepts: (printed) => Number(/^Client Version: v1\.(\d+)\./m.exec(printed)?.[1] ?? 0) >= 30,
  },
  kwok: {
    version: '0.8.0',
    module: 'kwok',
    goPackage: 'sigs.k8s.io/kwok/cmd/kwok',
    linked: {},
    versionArgs: ['--version'],
    accepts: prints('v0.8.0'),
    downloads: {
      'linux-x64': {
        url: `${KWOK_RELEASE}/kwok-linux-amd64`,
        sha256: 'f5a4385a2ae1b9dd7f8acae18e002a75c0ebba124ae9d7259aa8dadb50711f46',
        source: KWOK_SOURCE,
      },
      'linux-arm64': {
        url: `${KWOK_RELEASE}/kwok-linux-arm64`,
        sha256: '628f7d277860f524a2a775c217adcc58828e7b59ab0933680315784f1b8b0e37',
        source: KWOK_SOURCE,
      },
    },
  },
  registry: {
    version: '3.1.2',
    module: 'registry',
    goPackage: 'github.com/distribution/distribution/v3/cmd/registry',
    linked: { 'github.com/distribution/distribution/v3/version.version': 'v3.1.2' },
    versionArgs: ['--version'],
    accepts: prints('v3.1.2'),
    downloads: NO_DOWNLOADS,
  },
  helm: {
    version: '4.3.1',
    module: 'helm',
    goPackage: 'helm.sh/helm/v4/cmd/helm',
    linked: { 'helm.sh/helm/v4/internal/version.version': 'v4.3.1' },
    versionArgs: ['version', '--short'],
    accepts: prints('v4.3.1'),
    downloads: NO_DOWNLOADS,
  },
  // Its go.mod has the versions of helm's wherever both need a module, so that most of it is compiled once.
  helm3: {
    version: '3.22.0',
    module: 'helm3',
    goPackage: 'helm.sh/helm/v3/cmd/helm',
    linked: { 'helm.sh/helm/v3/internal/version.version': 'v3.22.0' },
    versionArgs: ['version', '--short'],
    accepts: prints('v3.22.0'),
    downloads: NO_DOWNLOADS,
  },
};

function kubernetes(name: string): Tool {
  return {
    version: KUBERNETES,
    module: 'kubernetes',
    goPackage: `k8s.io/kubernetes/cmd/${name}`,
    linked: KUBERNETES_LINKED,
    versionArgs: ['--version'],
    accepts: prints(`Kubernetes v${KUBERNETES}`),
    downloads: NO_DOWNLOADS,
  };
}

/** Matches the version as a whole: v3.1.2 is not in v3.1.20, nor in v3.1.2-rc.1. */
function prints(version: string): (printed: string) => boolean {
  const pattern = new RegExp(`(^|\\s)${version.replaceAll('.', '\\.')}(?![\\w.-])`, 'm');
  return (printed) => pattern.test(printed);
}
