import type { Random } from '../seeded.ts';
import { type Answer, failure } from './api/answers.ts';
import type { Request } from './api/server.ts';

/** How likely what goes wrong is, from 0 to 1. */
export interface Weather {
  /** A request that is lost, refused or answered with an error. */
  readonly errors: number;
  /** A watch that is cut before its time, or is told to begin anew. */
  readonly cuts: number;
  /** How late events of watches may come, in ms. */
  readonly staleMs: number;
  readonly latencyMs: number;
}

/** What becomes of a request: an answer in place of the server's, or a loss. */
export type RequestFault = Answer | 'Refused' | 'LostBefore' | 'LostAfter' | 'Silent' | undefined;

/** Nothing goes wrong. */
export const CALM: Weather = { errors: 0, cuts: 0, staleMs: 20, latencyMs: 20 };

/** Draws by lot what goes wrong. */
export class Faults {
  readonly #random: Random;
  #weather: Weather;

  /** Comes before what is drawn by lot: for courses that somebody has thought out. */
  plot: (request: Request) => RequestFault = () => undefined;

  constructor(random: Random, weather: Weather) {
    this.#random = random;
    this.#weather = weather;
  }

  /** Nothing goes wrong any more. */
  calm(): void {
    this.#weather = CALM;
  }

  /** Short most of the time. */
  latencyMs(): number {
    return this.#weather.latencyMs * this.#random() ** 3;
  }

  eventLatencyMs(): number {
    return this.#weather.staleMs * this.#random() ** 3;
  }

  ofRequest(request: Request): RequestFault {
    const plotted = this.plot(request);
    if (plotted !== undefined) return plotted;
    if (this.#random() >= this.#weather.errors) return undefined;
    const lot = Math.floor(this.#random() * 8);
    switch (lot) {
      case 0:
        return 'Refused';
      case 1:
        return 'LostBefore';
      case 2:
      case 3:
        return 'LostAfter';
      case 4:
        return 'Silent';
      case 5:
        return errorOf(429, 'TooManyRequests', { 'retry-after': '1' });
      case 6:
        return errorOf(503, 'ServiceUnavailable');
      default:
        return request.method === 'GET' ? errorOf(500, 'InternalError') : errorOf(504, 'Timeout');
    }
  }

  ofWatch(): 'Refused' | 'Gone' | undefined {
    if (this.#random() >= this.#weather.cuts) return undefined;
    return this.#random() < 0.5 ? 'Refused' : 'Gone';
  }

  /** How long a watch lives at most. */
  watchLifeMs(): number {
    return this.#random() < this.#weather.cuts ? 60_000 * this.#random() : Number.POSITIVE_INFINITY;
  }

  /** How a watch ends that the server ends. */
  endOfWatch(): 'Orderly' | 'Broken' | 'WithinALine' {
    const lot = this.#weather.cuts === 0 ? 0 : Math.floor(this.#random() * 3);
    return (['Orderly', 'Broken', 'WithinALine'] as const)[lot] ?? 'Orderly';
  }
}

const errorOf = (status: number, reason: string, headers: Readonly<Record<string, string>> = {}): Answer => failure(status, reason, 'a fault that was drawn by lot', headers);
