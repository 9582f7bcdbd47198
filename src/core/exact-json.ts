/** The part of JSON's newer surface that the compiler's library does not know yet (ECMA-262, JSON.parse source text access). */
interface SourceAwareJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
}

const json = JSON as unknown as SourceAwareJson;

/** 2^53 has 16 digits: a text without so many in a row holds no integer that JavaScript would round. */
const LONG_DIGITS = /\d{16}/;
const INTEGER = /^-?\d+$/;

/**
 * Parses JSON such that `JSON.stringify` gives back every digit of every integer: one beyond 2^53 becomes a raw JSON
 * value, not a number. Raw values must not be cloned, a clone loses what they are.
 */
export const parseExact = (text: string): unknown => (LONG_DIGITS.test(text) ? json.parse(text, keepDigits) : JSON.parse(text));

const keepDigits = (_key: string, value: unknown, context: { readonly source?: string }): unknown =>
  typeof value === 'number' && !Number.isSafeInteger(value) && context.source !== undefined && INTEGER.test(context.source) ? json.rawJSON(context.source) : value;

/** Where a value stands in a text: from `start` up to `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Spans of the values of a JSON object's own members, by key; the last one counts where a key comes twice. The text
 * must be a valid JSON object. For those who carry a value on byte for byte.
 */
export const memberSpans = (text: string): ReadonlyMap<string, Span> => {
  const spans = new Map<string, Span>();
  let depth = 0;
  let key = '';
  let start = -1;
  for (let at = nextMark(text, 0); at < text.length; at = nextMark(text, at + 1)) {
    const mark = text[at];
    if (mark === '"') {
      const end = endOfString(text, at);
      if (depth === 1 && start < 0) key = String(JSON.parse(text.slice(at, end + 1)));
      at = end;
    } else if (mark === ':' && depth === 1) {
      start = at + 1;
    } else {
      if ((mark === ',' || mark === '}') && depth === 1 && start >= 0) {
        spans.set(key, trimmed(text, start, at));
        start = -1;
      }
      if (mark === '{' || mark === '[') depth += 1;
      if (mark === '}' || mark === ']') depth -= 1;
    }
  }
  return spans;
};

const MARKS = /["{}[\],:]/g;

const nextMark = (text: string, from: number): number => {
  MARKS.lastIndex = from;
  return MARKS.exec(text)?.index ?? text.length;
};

const endOfString = (text: string, start: number): number => {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
};

const isEscaped = (text: string, at: number): boolean => {
  let first = at;
  while (text[first - 1] === '\\') first -= 1;
  return (at - first) % 2 === 1;
};

const trimmed = (text: string, start: number, end: number): Span => {
  const raw = text.slice(start, end);
  return { start: start + raw.length - raw.trimStart().length, end: start + raw.trimEnd().length };
};
