export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_INDEX = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** What is asked for. Indexes too, so that one is named and not taken for nothing. */
export const ACCEPT = [OCI_MANIFEST, DOCKER_MANIFEST, OCI_INDEX, DOCKER_INDEX].join(', ');

export const HELM_CONFIG = 'application/vnd.cncf.helm.config.v1+json';
/** Helm 3.7 and later. */
export const HELM_CONTENT = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
/** Helm 3.0 to 3.6. */
export const HELM_CONTENT_EXPERIMENTAL = 'application/tar+gzip';
/** Helm 3.0.0-alpha.2, and alpha.1 without `.layer`. */
export const HELM_CONTENT_ALPHA: readonly string[] = ['application/vnd.cncf.helm.chart.content.layer.v1+tar', 'application/vnd.cncf.helm.chart.content.v1+tar'];
export const HELM_META_ALPHA: readonly string[] = ['application/vnd.cncf.helm.chart.meta.layer.v1+json', 'application/vnd.cncf.helm.chart.meta.v1+json'];
