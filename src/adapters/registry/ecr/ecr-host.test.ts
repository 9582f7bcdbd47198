import { expect, it } from 'vitest';
import { parseEcrHost } from './ecr-host.ts';

it.each<[string, ReturnType<typeof parseEcrHost>]>([
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', { account: '123456789012', region: 'eu-west-1', domain: 'amazonaws.com' }],
  ['123456789012.DKR.ECR.us-gov-west-1.amazonaws.com', { account: '123456789012', region: 'us-gov-west-1', domain: 'amazonaws.com' }],
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', { account: '123456789012', region: 'cn-north-1', domain: 'amazonaws.com.cn' }],
  ['public.ecr.aws', undefined],
  ['12345678901.dkr.ecr.eu-west-1.amazonaws.com', undefined],
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com.example.com', undefined],
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com:8443', undefined],
  ['x.123456789012.dkr.ecr.eu-west-1.amazonaws.com', undefined],
  ['123456789012.dkr.ecr.example.com/.amazonaws.com', undefined],
])('reads the host %s', (registry, expected) => {
  expect(parseEcrHost(registry)).toEqual(expected);
});
