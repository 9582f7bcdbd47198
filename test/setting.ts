/** A whole number that the environment may set, as `make bench N=1000` does; throws where it is none, or below `least`. */
export const wholeNumber = (name: string, otherwise: number, least = 1): number => {
  const text = process.env[name] || String(otherwise);
  const number = Number(text);
  if (!Number.isInteger(number) || number < least) throw new Error(`${name}=${text}: it takes a whole number${least > 0 ? ` above ${least - 1}` : ''}`);
  return number;
};
