import { describe, expect, it } from 'vitest';
import { logLine, pullWords, steadyWords } from './words.ts';

describe('steadyWords', () => {
  it.each([
    ['one line', 'a\n  b\tc\u0007', 'a b c'],
    [
      'the quota alone',
      'Error creating: pods "web-7d-x2b4z" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1',
      'exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1',
    ],
    ['the same of a StatefulSet', 'Create Pod web-0 in StatefulSet web failed error: pods "web-0" is forbidden: exceeded quota: small', 'exceeded quota: small'],
    [
      'no made-up names of sandboxes',
      `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "${'0f'.repeat(32)}": no bridge`,
      'failed to setup network for sandbox: no bridge',
    ],
    ['digests', `sha256:${'0f'.repeat(32)} is gone`, `sha256:${'0f'.repeat(32)} is gone`],
    [
      'no port of ours',
      'dial tcp: lookup r on 10.96.0.10:53: read udp 10.0.0.3:41233->10.96.0.10:53: i/o timeout',
      'dial tcp: lookup r on 10.96.0.10:53: read udp 10.0.0.3->10.96.0.10:53: i/o timeout',
    ],
    ['no query of a URL', 'Get "https://cdn.example.com/blob?X-Amz-Signature=abc&e=1": EOF', 'Get "https://cdn.example.com/blob": EOF'],
    [
      'no time of now',
      'x509: certificate has expired: current time 2026-11-25T13:00:00Z is after 2026-01-01T00:00:00Z',
      'x509: certificate has expired: it is after 2026-01-01T00:00:00Z',
    ],
    ['no pauses', 'back-off 2m40s restarting failed container=main', 'back-off restarting failed container=main'],
    ['no full stop', 'is not there.', 'is not there'],
    ['at most 300 characters', 'x'.repeat(400), `${'x'.repeat(297)}...`],
  ])('are %s', (_, words, steady) => {
    expect(steadyWords(words)).toBe(steady);
  });
});

describe('pullWords', () => {
  it.each([
    [
      'not found',
      'Failed to pull image "r.io/app:1": rpc error: code = NotFound desc = failed to pull and unpack image "r.io/app:1": failed to resolve reference "r.io/app:1": r.io/app:1: not found',
      'not found',
    ],
    [
      'a name that cannot be looked up',
      'failed to pull and unpack image "r.io/app:1": failed to resolve reference "r.io/app:1": failed to do request: Head "https://r.io/v2/app/manifests/1": dial tcp: lookup r.io: no such host',
      'failed to do request: Head "https://r.io/v2/app/manifests/1": dial tcp: lookup r.io: no such host',
    ],
    ['nothing in a pause', 'Back-off pulling image "r.io/app:1"', ''],
  ])('say %s', (_, words, said) => {
    expect(pullWords(words, 'r.io/app:1')).toBe(said);
  });
});

describe('logLine', () => {
  it.each([
    ['no colours', '\u001b[31mERROR\u001b[0m boom', 'ERROR boom'],
    ['no marks that turn text around', 'a\u202eb', 'a b'],
    ['at most 200 characters, none of them half', `${'x'.repeat(196)}\u{1f600}${'y'.repeat(20)}`, `${'x'.repeat(196)}...`],
  ])('has %s', (_, line, shown) => {
    expect(logLine(line)).toBe(shown);
  });
});
