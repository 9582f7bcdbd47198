/**
 * Every way for one render to disturb the next: all charts' first questions, then all second ones; the same backwards; and each
 * chart's questions in both orders with those of its neighbour between them. `questions` has a list for each chart.
 */
export const schedule = <T>(questions: readonly (readonly T[])[]): readonly T[] => {
  const forth = inTurns(questions);
  const interleaved = questions.flatMap((own, at) => {
    const neighbours = questions[(at + 1) % questions.length] ?? [];
    return inTurns([[...own, ...own.toReversed()], neighbours]);
  });
  return [...forth, ...forth.toReversed(), ...interleaved];
};

const inTurns = <T>(lists: readonly (readonly T[])[]): readonly T[] => {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) => lists.flatMap((list) => list.slice(turn, turn + 1))).flat();
};
