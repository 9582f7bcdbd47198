import { expect, it } from 'vitest';
import { isSameComplaint } from './complaint.ts';

it.each([
  ['the same words', 'no luck', 'Error: no luck\n'],
  ['line breaks and a warning before', 'a b', 'level=WARN msg="x"\nError: a\n  b\n\nUse --debug flag to render out invalid YAML\n'],
  ['a place that only the operator names', 'c/templates/x.yaml:3: YAML parse error', 'Error: YAML parse error'],
  ['the frame of each', 'cannot load the chart: no name', 'Error: no name'],
  [
    'violations of a schema in any order',
    "values don't meet the specifications of the schema(s): - at 'a' - at 'b'",
    "Error: values don't meet the specifications of the schema(s):\n- at 'b'\n- at 'a'",
  ],
])('takes for the same: %s', (_, ours, helms) => {
  expect(isSameComplaint(ours, helms)).toBe(true);
});

it.each([
  ['other words', 'no luck', 'Error: bad luck'],
  ['less', 'no luck', 'Error: no luck at all'],
  ['more', 'x.yaml: no luck at all', 'Error: no luck'],
  ['words in another order', 'luck no', 'Error: no luck'],
])('tells apart: %s', (_, ours, helms) => {
  expect(isSameComplaint(ours, helms)).toBe(false);
});
