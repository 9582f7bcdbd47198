import { describe, expect, it } from 'vitest';
import { REASONS, reasonSpec, type Reason, type ReasonSpec } from './reasons.ts';

const reasons = Object.keys(REASONS) as Reason[];

/** Names of the reasons of which this is true. */
const thatAre = (isSuch: (spec: ReasonSpec) => boolean): readonly Reason[] => reasons.filter((reason) => isSuch(reasonSpec(reason)));

describe('REASONS', () => {
  it('are CamelCase words, as conditions have them', () => {
    expect(reasons.filter((reason) => !/^([A-Z][a-z]*)+$/.test(reason))).toEqual([]);
  });

  it('are explained in sentences with a full stop', () => {
    expect(thatAre(({ doc }) => !/^\S.{15,}\.$/.test(doc))).toEqual([]);
  });

  it('are explained without what would break the table of the reference', () => {
    expect(thatAre(({ doc }) => /[|\n]/.test(doc))).toEqual([]);
  });

  it('are not Ready and tried again on a change only where they are Stalled', () => {
    expect(thatAre(({ also, ready, retry }) => also === 'Stalled' && (ready !== 'False' || retry !== 'onChange'))).toEqual([]);
  });

  it('are Reconciling exactly where nobody knows yet, and where a newer digest has to wait', () => {
    expect(thatAre(({ also }) => also === 'Reconciling')).toEqual(thatAre(({ ready }) => ready === 'Unknown' || ready === 'Standing'));
  });

  it('are neither abnormal nor tried again where all is well', () => {
    expect(thatAre(({ ready, also, retry }) => ready === 'True' && (also !== undefined || retry !== 'onChange'))).toEqual([]);
  });

  it('are announced as Normal where all is well, and never as Normal elsewhere', () => {
    expect(thatAre(({ event }) => event === 'Normal')).toEqual(thatAre(({ event, ready }) => ready === 'True' || (ready === 'AsBefore' && event !== 'Warning')));
    expect(thatAre(({ event, ready }) => event === 'Warning' && ready === 'AsBefore')).toEqual([
      'DriftDetected',
      'DriftContested',
      'DriftNotCorrected',
      'CredentialExpiring',
      'CredentialExpired',
      'ExpiryInvalid',
    ]);
  });

  it('keep silent only where it passes by itself', () => {
    expect(thatAre(({ event, ready, retry }) => event === 'None' && ready === 'False' && retry !== 'withBackoff')).toEqual(['DependencyNotReady']);
  });

  it('without a retry are healed by a change or by the objects becoming ready', () => {
    expect(thatAre(({ ready, also, retry }) => ready === 'False' && also === undefined && retry === 'onChange')).toEqual([
      'DependencyNotReady',
      'FailedByHand',
      'HookFailed',
      'TestFailed',
      'InstallFailed',
      'UpgradeFailed',
      'RolledBack',
      'RollbackFailed',
      'UninstalledAfterFailure',
    ]);
  });
});
