import { expect, it } from 'vitest';
import { signed } from './signature.ts';

// The example of "Signature Version 4 signing process" in AWS's reference.
it('signs as the example of AWS has it', () => {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', sessionToken: undefined };
  const url = new URL('https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08');
  const request = { method: 'GET', url, headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' } } as const;
  const { headers } = signed(request, credentials, { region: 'us-east-1', service: 'iam', now: Date.parse('2015-08-30T12:36:00Z') });
  expect(headers['authorization']).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  );
});

it('signs the session token too', () => {
  const credentials = { accessKeyId: 'a', secretAccessKey: 's', sessionToken: 't' };
  const { headers } = signed({ method: 'POST', url: new URL('https://r.example/'), headers: {}, body: '{}' }, credentials, { region: 'r', service: 'ecr', now: 0 });
  expect(headers).toMatchObject({ 'x-amz-security-token': 't', authorization: expect.stringContaining('SignedHeaders=host;x-amz-date;x-amz-security-token,') });
});
