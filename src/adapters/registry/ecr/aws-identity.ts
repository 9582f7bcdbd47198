import { readFile } from 'node:fs/promises';
import { oneLine } from '../one-line.ts';
import { AwsFault, type Ask } from './aws-call.ts';
import type { EcrHost } from './ecr-host.ts';
import type { AwsCredentials } from './signature.ts';

/** The variables by which AWS says who a process is. Those of a Pod are set by EKS. */
export type AwsEnvironment = Readonly<Record<string, string | undefined>>;

/** Who the operator is for AWS: keys in the environment, the role of its ServiceAccount (IRSA), or that of its Pod (EKS Pod Identity), in this order. Rejects with AwsFault. */
export const identify = async (env: AwsEnvironment, host: EcrHost, ask: Ask, signal: AbortSignal): Promise<AwsCredentials> => {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '', AWS_SESSION_TOKEN: sessionToken = '' } = env;
  if (accessKeyId !== '' && secretAccessKey !== '') return { accessKeyId, secretAccessKey, sessionToken: sessionToken === '' ? undefined : sessionToken };
  const { AWS_ROLE_ARN: role = '', AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile = '', AWS_CONTAINER_CREDENTIALS_FULL_URI: podUri = '' } = env;
  if (role !== '' && tokenFile !== '') return assume(env, { role, tokenFile, host }, ask, signal);
  if (podUri !== '') return askPodIdentity(env, podUri, ask, signal);
  throw new AwsFault('nobody has told the operator who it is for AWS: give its ServiceAccount a role (IRSA or EKS Pod Identity), and start the Pod anew');
};

interface Assuming {
  readonly role: string;
  readonly tokenFile: string;
  readonly host: EcrHost;
}

const assume = async (env: AwsEnvironment, { role, tokenFile, host: { region, domain } }: Assuming, ask: Ask, signal: AbortSignal): Promise<AwsCredentials> => {
  const form = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: role,
    RoleSessionName: env['AWS_ROLE_SESSION_NAME'] || 'tagalong',
    WebIdentityToken: await readToken(tokenFile),
  });
  const url = new URL(env['AWS_ENDPOINT_URL_STS'] || `https://sts.${region}.${domain}/`);
  const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
  const what = `STS for the role ${oneLine(role)}`;
  const remedy = 'see that the role trusts the ServiceAccount of the operator';
  const answer = await ask({ request: { method: 'POST', url, headers, body: form.toString() }, what, remedy }, signal);
  const { AssumeRoleWithWebIdentityResponse: response } = membersOf(answer);
  const { Credentials: lent } = membersOf(membersOf(response)['AssumeRoleWithWebIdentityResult']);
  const { AccessKeyId, SecretAccessKey, SessionToken } = membersOf(lent);
  return credentialsOf([AccessKeyId, SecretAccessKey, SessionToken], what);
};

const askPodIdentity = async (env: AwsEnvironment, uri: string, ask: Ask, signal: AbortSignal): Promise<AwsCredentials> => {
  const url = URL.parse(uri);
  // Elsewhere the token would be shown to somebody who is not of this node.
  if (url === null || !AGENTS.has(url.hostname))
    throw new AwsFault('AWS_CONTAINER_CREDENTIALS_FULL_URI is no address of the EKS Pod Identity agent: take it out of the environment');
  const tokenFile = env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] ?? '';
  const headers = { accept: 'application/json', ...(tokenFile !== '' && { authorization: await readToken(tokenFile) }) };
  const what = 'the EKS Pod Identity agent for credentials';
  const remedy = 'see that the ServiceAccount of the operator is associated with a role';
  const { AccessKeyId, SecretAccessKey, Token } = membersOf(await ask({ request: { method: 'GET', url, headers }, what, remedy }, signal));
  return credentialsOf([AccessKeyId, SecretAccessKey, Token], what);
};

/** Where the agent listens on each node, and this machine itself. */
const AGENTS = new Set(['169.254.170.23', '[fd00:ec2::23]', '127.0.0.1', '[::1]', 'localhost']);

const readToken = async (file: string): Promise<string> => {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new AwsFault(`the token of the operator's ServiceAccount cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
};

const credentialsOf = ([accessKeyId, secretAccessKey, sessionToken]: readonly unknown[], what: string): AwsCredentials => {
  if (typeof accessKeyId !== 'string' || typeof secretAccessKey !== 'string' || typeof sessionToken !== 'string')
    throw new AwsFault(`asked ${what}, and there were no credentials in the answer`);
  return { accessKeyId, secretAccessKey, sessionToken };
};

const membersOf = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === 'object' && value !== null ? { ...value } : {});
