import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { type Respond, send, startServer, type TestServer } from '../../../test/registry/test-server.ts';
import { RegistryClient } from './registry-client.ts';

const signal = AbortSignal.timeout(30_000);
let respond: Respond;
let server: TestServer;
let client: RegistryClient;

beforeEach(async () => {
  server = await startServer((request, response) => respond(request, response));
  client = new RegistryClient({ clock: new FakeClock(), plainHttpHosts: [server.host] });
});

afterEach(async () => {
  await client.close();
  await server.close();
});

const list = () => client.list({ reference: { registry: server.host, repository: 'ns/app' }, credential: undefined }, signal);
const page = (tags: unknown): string => JSON.stringify({ name: 'ns/app', tags });
const answers = (body: string, headers: Readonly<Record<string, string>> = {}): void => {
  respond = (_request, response) => send(response, 200, headers, body);
};

describe('the tags of a repository', () => {
  it('are read page by page, and sorted out', async () => {
    respond = ({ url }, response) => {
      if (url?.includes('last=') === true) send(response, 200, {}, page(['1.2.0', 'v2.0.0']));
      else send(response, 200, { link: '</v2/ns/app/tags/list?n=1000&last=1.10.0>; rel="next"' }, page(['1.10.0', '1.9.0', 'latest']));
    };
    const { count, versions } = await list();
    expect(count).toBe(5);
    expect(versions.map(({ tag }) => tag)).toEqual(['v2.0.0', '1.10.0', '1.9.0', '1.2.0']);
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(['GET /v2/ns/app/tags/list?n=1000', 'GET /v2/ns/app/tags/list?n=1000&last=1.10.0']);
  });

  it('may be none', async () => {
    answers(page(null));
    expect(await list()).toEqual({ count: 0, versions: [] });
  });

  it('are asked for by the mark of the last answer', async () => {
    const marks: (string | undefined)[] = [];
    respond = ({ headers }, response) => {
      marks.push(headers['if-none-match']);
      if (headers['if-none-match'] === '"one"') send(response, 304);
      else send(response, 200, { etag: '"one"' }, page(['1.0.0']));
    };
    expect(await list()).toEqual(await list());
    expect(marks).toEqual([undefined, '"one"']);
  });

  it('are asked for without a mark where there were several pages', async () => {
    const marks: (string | undefined)[] = [];
    respond = ({ url, headers }, response) => {
      marks.push(headers['if-none-match']);
      const isFirst = url?.includes('last=') !== true;
      send(response, 200, { etag: '"one"', ...(isFirst && { link: '<?last=1.0.0>; rel="next"' }) }, page([isFirst ? '1.0.0' : '2.0.0']));
    };
    await list();
    await list();
    expect(marks).toEqual([undefined, undefined, undefined, undefined]);
  });

  it.each<readonly [string, () => void, string]>([
    ['a next page on another host', () => answers(page([]), { link: '<http://evil.example/v2/ns/app/tags/list?last=a>; rel="next"' }), 'its next page is somewhere else'],
    ['a login page', () => answers('<html></html>', { 'content-type': 'text/html' }), 'an HTML page came'],
    ['something else', () => answers('{"errors":[]}'), 'the answer is no list of tags'],
    ['tags that are no words', () => answers(page([1])), 'the answer is no list of tags'],
    ['half a list', () => answers(page(['1.0.0']).slice(0, -2)), 'the answer is no list of tags'],
    ['a page beyond all measure', () => answers(page([`1.0.0-${'a'.repeat(2 * 1024 * 1024)}`])), 'a page of them has over 2097152 bytes; follow a tag in place of a range'],
  ])('are not taken from %s', async (_name, prepare, why) => {
    prepare();
    await expect(list()).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining(`cannot list the tags of ${server.host}/ns/app: `) });
    await expect(list()).rejects.toThrow(why);
  });

  it('have an end', async () => {
    let pages = 0;
    respond = (_request, response) => {
      pages += 1;
      send(response, 200, { link: `<?last=${pages}>; rel="next"` }, page([`1.0.${pages}`]));
    };
    await expect(list()).rejects.toThrow('there are over 20 pages of them; follow a tag in place of a range');
    expect(pages).toBe(20);
  });

  it('say that there is no such repository', async () => {
    respond = (_request, response) => send(response, 404);
    await expect(list()).rejects.toMatchObject({ code: 'NotFound' });
  });
});
