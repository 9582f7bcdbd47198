import { expect, it } from 'vitest';
import type { OracleChart } from './chart.ts';
import { mutants } from './mutate.ts';

const chart: OracleChart = { name: 'c', files: { 'values.yaml': 'a: {b: 1}\nc: 2\n' }, valueSets: [{ name: 'a', text: 'd: 3' }] };
const textsOf = (seed: number): readonly string[] => mutants([chart], seed, 50).map(({ values }) => values.text);

it('asks the same for the same seed, and something else for another', () => {
  expect(textsOf(1)).toEqual(textsOf(1));
  expect(textsOf(1)).not.toEqual(textsOf(2));
});

it('changes defaults and given values, at any depth', () => {
  const texts = textsOf(3).join('\n');
  expect(texts).toMatch(/\{"d":3,"a":\{"b":/);
  expect(texts).toMatch(/\{"d":3,"c":/);
  expect(texts).toMatch(/\{"d":(?!3)/);
});

it('has integers that JavaScript would round', () => {
  expect(mutants([chart], 4, 500).some(({ values }) => values.text.includes(':9007199254740993'))).toBe(true);
});
