/** Foreign words end up in conditions, Events and release records, which have not much room. */
const MOST_WORDS = 300;
/** The same for a line of a log. */
const MOST_LINE = 200;

/**
 * What a component of Kubernetes says, as one line without what differs from try to try though nothing has happened: names made up for the
 * try, ports, times, pauses; and without the query of a URL, which may hold a credential.
 */
export const steadyWords = (words: string): string => {
  const steady = UNSTEADY.reduce((text, [pattern, by]) => text.replace(pattern, by), oneLine(words, MOST_READ));
  return cut(steady.trim().replace(/[.\s]+$/, ''), MOST_WORDS);
};

/** What a registry said when an image could not be pulled, without what kubelet and container runtime wrap around it. */
export const pullWords = (words: string, image: string): string => {
  const bare = WRAPPERS.reduce((text, pattern) => text.replace(pattern, ''), steadyWords(words));
  // A repeated `name:tag: ` says nothing more; where the tag was left out, the runtime adds one.
  return [`${image}: `, `${image}:latest: `].reduce((text, prefix) => (text.startsWith(prefix) ? text.slice(prefix.length) : text), bare);
};

/** A line of a log as messages show it. */
export const logLine = (line: string): string => oneLine(line, MOST_LINE);

/** Text without control characters and colours of terminals, with single blanks, cut to so many characters. */
const oneLine = (text: string, most: number): string =>
  cut(
    text
      .slice(0, MOST_READ)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to go
      .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
      .trim(),
    most,
  );

/** Text cut to so many characters. */
export const cut = (text: string, most: number): string => {
  if (text.length <= most) return text;
  // Half of a surrogate pair is no character.
  return `${text.slice(0, most - 3).replace(/[\ud800-\udbff]$/, '')}...`;
};

const MOST_READ = 4_096;

const UNSTEADY: readonly (readonly [RegExp, string])[] = [
  [/^Error creating: /, ''],
  [/^create Pod \S+ in StatefulSet \S+ failed error: /i, ''],
  [/^pods "[^"]*" is forbidden: /, ''],
  [/^Failed to create pod sandbox: /i, ''],
  [/rpc error: code = \w+ desc = /g, ''],
  // The scheduler says what it would help to evict, which is another question.
  [/(\. no new claims to deallocate,|\.)? preemption: .*$/, ''],
  [/(https?:\/\/[^\s"?]+)\?[^\s"]*/g, '$1'],
  [/(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\]):\d+->/g, '$1->'],
  [/current time \S+ is (after|before) /g, 'it is $1 '],
  [/back-off \S+ (restarting|pulling)/g, 'back-off $1'],
  [/ "?(?<!sha256:)\b[0-9a-f]{64}\b"?/g, ''],
];

const WRAPPERS: readonly RegExp[] = [
  /^Back-off pulling image "[^"]*"(: )?/,
  /^ErrImagePull: /,
  /^Failed to pull image "[^"]*": /,
  /^failed to pull and unpack image "[^"]*": /,
  /^failed to resolve reference "[^"]*": /,
  /^failed to resolve image "[^"]*": /,
];
