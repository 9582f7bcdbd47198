import type { Socket } from 'node:net';
import { type Frame, FrameDecoder } from './frames.ts';

export interface FrameSocketListener {
  onFrame(frame: Frame): void;
  /** Called once, when the connection is gone. */
  onGone(why: string): void;
}

/** A connection that carries frames. However it ends, that is one call of `onGone` and never an error event. */
export class FrameSocket {
  readonly #socket: Socket;
  readonly #listener: FrameSocketListener;
  readonly #decoder: FrameDecoder;
  #why: string | undefined;

  /** `limit` bounds the frames that come in, in bytes. */
  constructor(socket: Socket, limit: number, listener: FrameSocketListener) {
    this.#socket = socket;
    this.#listener = listener;
    this.#decoder = new FrameDecoder(limit);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => {
      this.#why ??= error.message;
    });
    socket.on('close', () => listener.onGone(this.#why ?? 'the other side closed the connection'));
  }

  /** Writes the pieces of a frame; they must not change afterwards. */
  send(pieces: readonly Uint8Array[]): void {
    if (!this.#socket.writable) return;
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
  }

  /** Ends it at once; the first reason given is the one that `onGone` tells. */
  destroy(why: string): void {
    this.#why ??= why;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#why !== undefined) return;
    try {
      for (const frame of this.#decoder.push(chunk)) this.#listener.onFrame(frame);
    } catch (error) {
      this.destroy(`what came is no frame: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
