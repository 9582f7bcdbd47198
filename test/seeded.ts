/** A number from 0 to 1, without 1. */
export type Random = () => number;

/** Random numbers that are the same for the same seed (mulberry32). */
export const seeded = (seed: number): Random => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** One of the choices; there must be one. */
export const pick = <T>(random: Random, choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T; // random() < 1

/** The same elements in another order (Fisher and Yates). */
export const shuffled = <T>(random: Random, elements: readonly T[]): readonly T[] => {
  const left = [...elements];
  return elements.map(() => left.splice(Math.floor(random() * left.length), 1)[0] as T); // as many as there are
};
