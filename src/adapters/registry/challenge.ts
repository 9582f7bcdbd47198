/** One challenge of a WWW-Authenticate header; scheme and parameter names in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

// RFC 9110 5.6.2 (token), 5.6.4 (quoted-string), 11.2 (token68) and 11.6.1 (WWW-Authenticate). Sticky, so that every look is linear.
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const PARAMETER = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~0-9A-Za-z-]+))/y;
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;
const SEPARATORS = /[ \t,]*/y;
const SPACES = /[ \t]*/y;

/** Reads the challenges of a header in their order; stops at what it cannot read. Never throws. */
export const parseChallenges = (header: string): readonly Challenge[] => {
  const challenges: Challenge[] = [];
  let offset = end(SEPARATORS, header, 0);
  for (let scheme = matchAt(TOKEN, header, offset); scheme !== undefined; scheme = matchAt(TOKEN, header, offset)) {
    const read = readParameters(header, end(SPACES, header, offset + scheme[0].length));
    challenges.push({ scheme: scheme[0].toLowerCase(), parameters: read.parameters });
    offset = read.offset;
  }
  return challenges;
};

const readParameters = (header: string, start: number): { readonly parameters: Readonly<Record<string, string>>; readonly offset: number } => {
  const parameters: Record<string, string> = Object.create(null) as Record<string, string>;
  let offset = start;
  for (let match = matchAt(PARAMETER, header, offset); match !== undefined; match = matchAt(PARAMETER, header, offset)) {
    const [whole, name = '', quoted, plain = ''] = match;
    // The first of two of the same name counts: a proxy may have put its own behind.
    parameters[name.toLowerCase()] ??= quoted?.replace(/\\(.)/g, '$1') ?? plain;
    offset = end(SEPARATORS, header, offset + whole.length);
  }
  // A single opaque token in place of parameters, as with Negotiate.
  const opaque = offset === start ? (matchAt(TOKEN68, header, offset)?.[0] ?? '') : '';
  return { parameters, offset: end(SEPARATORS, header, offset + opaque.length) };
};

const matchAt = (pattern: RegExp, text: string, offset: number): RegExpExecArray | undefined => {
  pattern.lastIndex = offset;
  return pattern.exec(text) ?? undefined;
};

const end = (pattern: RegExp, text: string, offset: number): number => offset + (matchAt(pattern, text, offset)?.[0].length ?? 0);
