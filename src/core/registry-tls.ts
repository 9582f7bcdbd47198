import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/** A certificate to show to a registry, with the chain behind it, and its key; both PEM. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** What is trusted beside the public roots (PEM), and what is shown. */
export interface RegistryTls {
  readonly ca?: string | undefined;
  readonly client?: ClientCertificate | undefined;
}

/** What is wrong with the PEM of certificates that are to be trusted; undefined where nothing is. It goes on from the name of their place, and quotes nothing. */
export const faultOfCa = (pem: string, now: number): string | undefined => {
  const certificates = certificatesIn(pem);
  if (typeof certificates === 'string') return certificates;
  const last = certificates.reduce((latest, { validToDate }) => (validToDate > latest ? validToDate : latest), certificates[0].validToDate);
  return last.getTime() < now ? `has no certificate that is still valid: the last one expired at ${textOf(last)}` : undefined;
};

/** What is wrong with a certificate to be shown, or with its key. */
export const faultOfClient = ({ certificate, key }: ClientCertificate, now: number): { readonly in: 'certificate' | 'key'; readonly why: string } | undefined => {
  const certificates = certificatesIn(certificate);
  if (typeof certificates === 'string') return { in: 'certificate', why: certificates };
  const [own] = certificates;
  const time = own && faultOfTime(own, now);
  if (time !== undefined) return { in: 'certificate', why: time };
  const read = readKey(key);
  if (typeof read === 'string') return { in: 'key', why: read };
  return own?.checkPrivateKey(read) === true ? undefined : { in: 'key', why: 'is not the key of the certificate beside it' };
};

const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';

/** At least one certificate, or what is wrong. Split, not matched: that is linear whatever comes. */
const certificatesIn = (pem: string): readonly [X509Certificate, ...X509Certificate[]] | string => {
  const blocks = pem.split(BEGIN).slice(1);
  try {
    const [first, ...others] = blocks.map((block) => new X509Certificate(`${BEGIN}${block.split(END, 1)[0]}${END}\n`));
    return first === undefined ? 'has no certificate in PEM' : [first, ...others];
  } catch {
    return 'has a certificate that cannot be read as PEM';
  }
};

const faultOfTime = ({ validFromDate, validToDate }: X509Certificate, now: number): string | undefined => {
  if (validToDate.getTime() < now) return `has expired at ${textOf(validToDate)}`;
  return validFromDate.getTime() > now ? `is not valid before ${textOf(validFromDate)}` : undefined;
};

const readKey = (pem: string): KeyObject | string => {
  if (ENCRYPTED.test(pem)) return 'is encrypted, and there is no passphrase for it: store the key as it is';
  try {
    return createPrivateKey(pem);
  } catch {
    return 'is no private key that can be read as PEM';
  }
};

const ENCRYPTED = /-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m;

const textOf = (time: X509Certificate['validToDate']): string => time.toISOString().replace('.000Z', 'Z');
