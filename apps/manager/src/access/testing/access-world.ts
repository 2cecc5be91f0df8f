import { openStore, type Store } from '@yosugara/store';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import { type Answer, Eras, type Method, startNode, type TestNode } from '../../testing/harness.js';

const PASSWORD = 'a-password-of-somebody';

export interface AccessWorld {
  readonly node: TestNode;
  readonly pool: pg.Pool;
  readonly store: Store;
  readonly eras: Eras;
  /** Cookie of `admin`. */
  readonly admin: string;
  /** Makes a user of these roles, and logs in: resolves to the cookie. */
  person(login: string, roles: readonly string[]): Promise<string>;
  as(cookie: string, method: Method, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  put(kind: string, id: string, body: object, ownerRole?: string): Promise<void>;
  stop(): Promise<void>;
}

/** One serving manager with its first administrator. @param third number of its address, 127.0.<third>.1 */
export async function accessWorld(third: number, access?: object, consolePort?: number): Promise<AccessWorld> {
  const server: TestPostgres = await startTestPostgres();
  const { host, port } = server;
  const pool = new pg.Pool({ host, port, user: 'postgres', database: 'postgres' });
  const store = openStore({ host, port, user: 'postgres', database: 'postgres' });
  const eras = new Eras();
  const where = {
    address: `127.0.${third}.1`,
    vip: `127.0.${third}.9`,
    port: consolePort ?? (await freePort()),
    postgres: { host, port },
  };
  const node = await startNode({ node: 'a', ...where, loginsPerMinute: 10_000, ...(access === undefined ? {} : { access }) });
  await eras.becomeActive(node, 'a');
  const admin = await node.login();
  const as: AccessWorld['as'] = async (cookie, method, path, body, headers = {}) =>
    await node.call(method, path, { cookie, headers, withinMs: 60_000, ...(body === undefined ? {} : { body }) });
  const done = (answer: Answer) => {
    if (answer.status !== 200) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    return answer;
  };
  return {
    ...{ node, pool, store, eras, admin, as },
    person: async (login, roles) => {
      done(await as(admin, 'POST', '/api/v1/users', { login, roles, password: `${PASSWORD}-first` }));
      const cookie = await node.login(`${PASSWORD}-first`, login);
      done(await as(cookie, 'POST', '/api/password', { current: `${PASSWORD}-first`, next: PASSWORD }));
      return cookie;
    },
    put: async (kind, id, body, ownerRole = 'admin') => {
      done(await as(admin, 'PUT', `/api/v1/settings/${kind}/${id}`, { body, ownerRole }));
    },
    stop: async () => {
      await node.stop();
      await store.close();
      await pool.end();
      await server.stop();
    },
  };
}
