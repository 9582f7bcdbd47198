/** A reply that does not say what the protocol says it must. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** Reads JSON that somebody hostile may have written: each method checks one field, or throws ProtocolError. */
export class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #place: string;
  readonly #attachment: Uint8Array;

  /** `place` names the value in messages, `attachment` is what its spans point into. */
  constructor(value: unknown, place: string, attachment: Uint8Array) {
    if (!isRecord(value)) throw new ProtocolError(`${place} is no object`);
    this.#fields = value;
    this.#place = place;
    this.#attachment = attachment;
  }

  text(key: string): string {
    const value = this.#fields[key];
    return typeof value === 'string' ? value : this.#refuse(key, 'a string');
  }

  integer(key: string): number {
    const value = this.#fields[key];
    return isInteger(value) ? value : this.#refuse(key, 'an integer');
  }

  flag(key: string): boolean {
    const value = this.#fields[key];
    return typeof value === 'boolean' ? value : this.#refuse(key, 'true or false');
  }

  oneOf<T extends string>(key: string, choices: readonly T[]): T {
    return choices.find((choice) => choice === this.#fields[key]) ?? this.#refuse(key, choices.join(' or '));
  }

  texts(key: string): readonly string[] {
    const value = this.#fields[key];
    return isTexts(value) ? value : this.#refuse(key, 'a list of strings');
  }

  has(key: string): boolean {
    return this.#fields[key] !== undefined;
  }

  /** A map of strings. */
  map(key: string): Readonly<Record<string, string>> {
    const value = this.#fields[key];
    return isMap(value) ? value : this.#refuse(key, 'a map of strings');
  }

  object(key: string): Fields {
    return new Fields(this.#fields[key], this.#at(key), this.#attachment);
  }

  objects<T>(key: string, read: (fields: Fields) => T): readonly T[] {
    const value = this.#fields[key];
    if (!Array.isArray(value)) return this.#refuse(key, 'a list');
    return value.map((element: unknown, index) => read(new Fields(element, `${this.#at(key)}[${index}]`, this.#attachment)));
  }

  /** The bytes that a span points to, not copied. */
  bytes(key: string): Uint8Array {
    const value = this.#fields[key];
    if (!isPair(value)) return this.#refuse(key, 'a span');
    const [offset, length] = value;
    const isInside = offset >= 0 && length >= 0 && offset + length <= this.#attachment.length;
    return isInside ? this.#attachment.subarray(offset, offset + length) : this.#refuse(key, 'a span within the attachment');
  }

  /** The bytes that each of a list of spans points to, not copied. */
  parts(key: string): readonly Uint8Array[] {
    const spans = this.#fields[key];
    if (!Array.isArray(spans)) return this.#refuse(key, 'a list');
    return spans.map((span: unknown, index) => new Fields({ span }, `${this.#at(key)}[${index}]`, this.#attachment).bytes('span'));
  }

  #at(key: string): string {
    return `${this.#place}.${key}`;
  }

  #refuse(key: string, wanted: string): never {
    throw new ProtocolError(`${this.#at(key)} is not ${wanted}`);
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

const isMap = (value: unknown): value is Readonly<Record<string, string>> => isRecord(value) && isTexts(Object.values(value));

const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);

const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((element) => typeof element === 'string');

const isPair = (value: unknown): value is readonly [number, number] => Array.isArray(value) && value.length === 2 && value.every(isInteger);
