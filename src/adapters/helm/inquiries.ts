import type { LookUp, LookupAnswer } from '../../ports/renderer.ts';
import type { AnswerRequest } from './request.ts';

interface Open {
  readonly id: number;
  readonly number: number;
  readonly resolve: (answer: LookupAnswer) => void;
}

/** Questions that go out on a connection, one at a time; their answers come in as frames. */
export class Inquiries {
  readonly #send: (header: Readonly<Record<string, unknown>>) => void;
  #lastNumber = 0;
  #open: Open | undefined;

  constructor(send: (header: Readonly<Record<string, unknown>>) => void) {
    this.#send = send;
  }

  /** Has the other side answer what comes up in the request with that id. A question that is aborted is forgotten. */
  of(id: number): LookUp {
    return async (question, signal) => {
      signal.throwIfAborted();
      this.#lastNumber += 1;
      const number = this.#lastNumber;
      const { promise, resolve, reject } = Promise.withResolvers<LookupAnswer>();
      const giveUp = (): void => reject(signal.reason);
      signal.addEventListener('abort', giveUp, { once: true });
      this.#open = { id, number, resolve };
      this.#send({ id, kind: 'lookup', number, question });
      try {
        return await promise;
      } finally {
        signal.removeEventListener('abort', giveUp);
        if (this.#open?.number === number) this.#open = undefined;
      }
    };
  }

  /** Takes an answer in; one that nobody waits for is dropped. */
  settle({ id, number, answer }: AnswerRequest): void {
    const open = this.#open;
    if (open?.id === id && open.number === number) open.resolve(answer);
  }
}
