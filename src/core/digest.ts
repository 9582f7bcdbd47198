import { createHash } from 'node:crypto';

/** Digest of bytes in the form `sha256:<64 hex>` (OCI image specification, "Digests"). */
export const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
