import { expect, it } from 'vitest';
import { contractRequest, valuesOf } from '../../../test/fakes/engine-contract.ts';
import { renderMessage } from './messages.ts';
import { parseRequest } from './request.ts';

it('reads a request as it was written, also where its values come from', () => {
  const asked = contractRequest({
    values: [{ text: 'x', name: 'Secret a/b, key c', targetPath: 'a.b', isLiteral: true, isSecret: true }, valuesOf('{"a":1}')],
  });
  const { header } = renderMessage(asked, 'digest');
  const { values, release, capabilities, stamp, skipSchemaValidation } = asked;
  expect(parseRequest({ header: JSON.parse(JSON.stringify({ id: 3, ...header })), attachment: Buffer.alloc(0) })).toEqual({
    kind: 'render',
    id: 3,
    request: { values, release, capabilities, stamp, skipSchemaValidation },
    lookups: false,
    chart: { digest: asked.chart.digest, files: undefined, overrides: undefined },
  });
});
