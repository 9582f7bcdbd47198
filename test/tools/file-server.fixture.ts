import { createServer } from 'node:http';

export interface FileServer {
  /** Stands in for the mirror of all download hosts. */
  readonly base: string;
  /** Paths asked for, in order. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** What a path answers with: its bytes, or the same cut off half-way; every other path is a 404. */
export type Files = Readonly<Record<string, { readonly bytes: Buffer; readonly cut?: boolean }>>;

/** Serves files on a free port of 127.0.0.1. */
export async function serveFiles(files: Files): Promise<FileServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const file = files[path];
    if (file === undefined) return response.writeHead(404).end();
    response.writeHead(200, { 'content-length': file.bytes.length });
    if (!file.cut) return response.end(file.bytes);
    return response.write(file.bytes.subarray(0, file.bytes.length / 2), () => response.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  };
  return { base: `http://127.0.0.1:${port}`, asked, close };
}
