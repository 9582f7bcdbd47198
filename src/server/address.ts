/** Where a server listens, as a flag says it. */
export type ListenAddress =
  | { readonly kind: 'Off' }
  /** Without a host: on all of them; port 0: on any that is free. */
  | { readonly kind: 'Listen'; readonly host: string | undefined; readonly port: number }
  | { readonly kind: 'Invalid' };

const ADDRESS = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<name>[^\s:/[\]]*)):(?<port>\d{1,5})$/;
const MAX_PORT = 65_535;

/** Reads `host:port`, `[ipv6]:port` or `:port`; `0` is off, as in controller-runtime. */
export const parseAddress = (text: string): ListenAddress => {
  if (text === '0') return { kind: 'Off' };
  const { v6, name, port } = ADDRESS.exec(text)?.groups ?? {};
  if (port === undefined || Number(port) > MAX_PORT) return { kind: 'Invalid' };
  return { kind: 'Listen', host: v6 ?? (name || undefined), port: Number(port) };
};

/** The way back. */
export const printAddress = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;
