// What each side says around the words that both have from Helm's packages.
const HELM_FRAME = [
  /^.*?^Error: /ms,
  /^INSTALLATION FAILED: /,
  /\n\nUse --debug flag to render out invalid YAML$/,
  /^chart dependencies processing failed: /,
  /^failed to parse \S+: /,
  /^an error occurred while checking for chart dependencies\..*found in Chart\.yaml, but missing in charts\/ directory: /,
] as const;

const OUR_FRAME = [
  /^cannot combine the values with the chart's: /,
  /^cannot load the chart: /,
  /^cannot read values document \d+ of \d+: /,
  /^cannot install chart "[^"]*": (its Chart\.yaml names dependencies that are not in charts\/: )?/,
] as const;

// Longer messages are cut by the operator.
const COMPARED_LENGTH = 1000;

/**
 * Whether the operator's message has Helm's words and no other: apart from the frames above, a template that the operator puts
 * before words that name none, line breaks, and the order of a schema's violations, which is that of a map in Go.
 */
export const isSameComplaint = (ours: string, helms: string): boolean => {
  const mine = compared(without(OUR_FRAME, ours));
  const theirs = compared(without(HELM_FRAME, helms.trim()));
  return mine === theirs || withoutPlace(mine) === theirs || (theirs.startsWith(VIOLATIONS) && sortedWords(mine) === sortedWords(theirs));
};

const VIOLATIONS = "values don't meet the specifications of the schema(s)";

// The operator unpacks subcharts itself, and names their folders as it likes.
const SUBCHART = /error unpacking subchart \S+ in /g;

const without = (frame: readonly RegExp[], message: string): string => frame.reduce((rest, part) => rest.replace(part, ''), message);

const compared = (message: string): string =>
  message
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll(SUBCHART, 'error unpacking a subchart in ')
    .slice(0, COMPARED_LENGTH);

const withoutPlace = (message: string): string => message.replace(/^\S+\/\S+: /, '');

const sortedWords = (message: string): string => message.split(' ').sort().join(' ');
