/**
 * What a renderer and an operator say to each other over a socket, and the number of it that this side speaks.
 *
 * The renderer begins with `{"kind":"hello","protocol":3,"version":"0.1.0"}`. Then the operator sends requests and the renderer answers, one
 * at a time on a connection, in the frames and messages of helm-engine/PROTOCOL.md with its caps, but for these:
 * - a failed reply has one more of two codes, `ResourceExceeded` and `Unavailable`, and its message says what was tried;
 * - a question may be given up, because the engine that asked is gone: then another one, or the reply, comes without its answer, and an
 *   answer that comes all the same is dropped;
 * - of `objects`, `crds` and `hooks` come the fields that the operator reads.
 * There are as many connections as there are requests at once. Closing one takes back the request on it.
 */
export const SOCKET_PROTOCOL = 3;
