// Control and format characters: line breaks, terminal escapes, bidirectional overrides.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** Foreign text fit for a message: one line, nothing that steers a terminal, at most `maxLength` characters. */
export const oneLine = (text: string, maxLength = 200): string => {
  const clean = text.replace(UNPRINTABLE, ' ').trim();
  return clean.length > maxLength ? `${clean.slice(0, maxLength)}...` : clean;
};
