import { readSecretFile } from '../adapters/system/secret-file.ts';
import { SENDERS, type Sender } from '../core/push-event.ts';
import { ConfigError } from './config-error.ts';

/** Whose notifications are taken; the secret file is known to be readable. */
export interface ReceiverSettings {
  readonly name: string;
  readonly type: Sender;
  readonly secretFile: string;
  readonly registry: string | undefined;
}

/** Reads the receivers of the configuration file. Rejects with ConfigError. */
export const readReceivers = async (setting: string, receivers: unknown): Promise<readonly ReceiverSettings[]> => {
  if (receivers === undefined || receivers === null) return [];
  if (!Array.isArray(receivers)) throw new ConfigError(`${setting} is not a list of receivers, each with name, type and secretFile`);
  const read = receivers.map((receiver) => receiverOf(setting, receiver));
  const twice = read.find(({ name }, at) => read.findIndex((other) => other.name === name) < at);
  if (twice !== undefined) throw new ConfigError(`${setting}: there are two with the name ${twice.name}`);
  for (const { name, secretFile } of read) {
    const secret = await readSecretFile(secretFile);
    if (secret.kind === 'Unreadable') throw new ConfigError(`${setting}: ${name}: the secretFile cannot be used: ${secret.why}`);
  }
  return read;
};

const receiverOf = (setting: string, receiver: unknown): ReceiverSettings => {
  const members = typeof receiver === 'object' && receiver !== null ? Object.entries(receiver) : [];
  const unknown = members.find(([key]) => !RECEIVER_KEYS.includes(key));
  if (unknown !== undefined) throw new ConfigError(`${setting}: a receiver has no ${unknown[0]}; known are ${RECEIVER_KEYS.join(', ')}`);
  const { name, type, secretFile, registry } = Object.fromEntries(members);
  if (typeof name !== 'string' || !RECEIVER_NAME.test(name)) throw new ConfigError(`${setting}: the name ${JSON.stringify(name)} is none of small letters, digits and -`);
  const sender = SENDERS.find((known) => known === type);
  if (sender === undefined) throw new ConfigError(`${setting}: ${name}: the type ${JSON.stringify(type)} is none of ${SENDERS.join(', ')}`);
  if (typeof secretFile !== 'string' || secretFile === '') throw new ConfigError(`${setting}: ${name}: secretFile is not the path of a file`);
  if (registry !== undefined && (typeof registry !== 'string' || registry === '')) throw new ConfigError(`${setting}: ${name}: registry is no host[:port]`);
  return { name, type: sender, secretFile, registry };
};

const RECEIVER_NAME = /^[a-z0-9-]{1,63}$/;
const RECEIVER_KEYS: readonly string[] = ['name', 'type', 'secretFile', 'registry'];
