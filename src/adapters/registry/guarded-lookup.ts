import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isLocalAddress } from './address-range.ts';

/** A name that a registry gave us leads to an address of this machine or its link: nobody's token server. */
export class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress';

  constructor(host: string) {
    super(`the host name ${host} leads to an address of this machine or its own link; if it is right: list it under allowedTokenHosts`);
  }
}

/** Looks up names as `lookup` does, and refuses those with a local address among their own. The connection is made to what was looked at. */
export const guardedLookup =
  (lookup: LookupFunction = systemLookup as LookupFunction): LookupFunction =>
  (hostname, options, callback) =>
    lookup(hostname, options, (error, found, family) => {
      const addresses = Array.isArray(found) ? found.map(({ address }) => address) : [found];
      if (error === null && addresses.some(isLocalAddress)) callback(new ForbiddenAddress(hostname), [], 0);
      else callback(error, found, family);
    });
