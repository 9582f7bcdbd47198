import { describe, expect, it } from 'vitest';
import { requestedAt } from './request.ts';

describe('requestedAt', () => {
  it.each<readonly [string, Readonly<Record<string, string>> | undefined, string | undefined]>([
    ['finds no wish where there are no annotations', undefined, undefined],
    ['finds no wish in annotations of others', { 'kubectl.kubernetes.io/restartedAt': 'now' }, undefined],
    ['reads our annotation', { 'tagalong.dev/reconcile-at': '2026-01-01T00:00:00Z' }, '2026-01-01T00:00:00Z'],
    ["reads Flux's annotation", { 'reconcile.fluxcd.io/requestedAt': 'x' }, 'x'],
    ['is another wish when either of the two changes', { 'tagalong.dev/reconcile-at': '1', 'reconcile.fluxcd.io/requestedAt': '2' }, '1/2'],
    ['takes an empty value for a wish as well', { 'tagalong.dev/reconcile-at': '' }, ''],
  ])('%s', (_name, annotations, expected) => {
    expect(requestedAt(annotations)).toBe(expected);
  });
});
