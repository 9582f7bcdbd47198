/** A private registry of Amazon ECR. */
export interface EcrHost {
  readonly account: string;
  readonly region: string;
  /** The domain of the AWS partition that the region is of. */
  readonly domain: string;
}

const ECR = /^(\d{12})\.dkr\.ecr\.([a-z]{2}(?:-[a-z]+)+-\d)\.(amazonaws\.com(?:\.cn)?)$/;

/** Reads a registry's host as one of ECR; undefined for any other, also for the public gallery (public.ecr.aws), which needs no credential. */
export const parseEcrHost = (registry: string): EcrHost | undefined => {
  const [, account, region, domain] = ECR.exec(registry.toLowerCase()) ?? [];
  return account === undefined || region === undefined || domain === undefined ? undefined : { account, region, domain };
};
