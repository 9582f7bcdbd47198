import { describe, expect, it } from 'vitest';
import { chartIn } from './chart-metadata.ts';

describe('chartIn', () => {
  it.each([
    ['all three', '{"metadata":{"name":"web","version":"1.0.0","appVersion":"2"}}', { chartName: 'web', chartVersion: '1.0.0', appVersion: '2' }],
    ['no appVersion', '{"metadata":{"name":"web","version":"1.0.0"}}', { chartName: 'web', chartVersion: '1.0.0', appVersion: '' }],
    ['no metadata', '{}', { chartName: '', chartVersion: '', appVersion: '' }],
    ['no chart', 'null', { chartName: '', chartVersion: '', appVersion: '' }],
  ])('reads %s', (_name, json, chart) => {
    expect(chartIn(json)).toEqual(chart);
  });
});
