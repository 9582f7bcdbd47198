import { describe, expect, it } from 'vitest';
import { renderError } from './failure.ts';
import type { FailedReply, FailureCode } from './protocol.ts';

const failed = (reply: Partial<FailedReply>): FailedReply => ({ kind: 'failed', code: 'TemplateFailed', message: 'boom', template: '', line: 0, ...reply });

describe('renderError', () => {
  it.each<[FailureCode, string]>([
    ['ChartInvalid', 'ChartInvalid'],
    ['KubeVersionUnsupported', 'ChartInvalid'],
    ['SchemaRefused', 'SchemaRefused'],
    ['ValuesInvalid', 'ValuesInvalid'],
    ['TemplateFailed', 'TemplateFailed'],
    ['ManifestInvalid', 'TemplateFailed'],
    ['LookupFailed', 'TemplateFailed'],
    ['TooLarge', 'ResourceExceeded'],
    ['Internal', 'Unavailable'],
    ['ResourceExceeded', 'ResourceExceeded'],
    ['Unavailable', 'Unavailable'],
  ])('tells %s as %s', (code, expected) => {
    expect(renderError(failed({ code })).code).toBe(expected);
  });

  it.each<[string, Partial<FailedReply>, string]>([
    ['puts template and line in front', { template: 'a/b.yaml', line: 3 }, 'a/b.yaml:3: boom'],
    ['puts the template alone in front where the line is unknown', { template: 'a/b.yaml' }, 'a/b.yaml: boom'],
    ['adds nothing to words that hold the place', { template: 'a/b.yaml', line: 3, message: 'at a/b.yaml:3:7: boom' }, 'at a/b.yaml:3:7: boom'],
    ['makes one line of several', { message: 'one:\n  two\n' }, 'one: two'],
    ['cuts what is too long', { message: 'x'.repeat(5000) }, `${'x'.repeat(1024)}...`],
  ])('%s', (_, reply, message) => {
    expect(renderError(failed(reply)).message).toBe(message);
  });
});
