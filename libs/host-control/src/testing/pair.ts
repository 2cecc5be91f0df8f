import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { buildChildPrograms } from './build.js';
import { B, eventually, Testbed, type TestNode } from './testbed.js';

export interface Pair {
  readonly bed: Testbed;
  readonly a: TestNode;
  readonly b: TestNode;
  /** A session on `a`. */
  readonly client: pg.Client;
}

/** A primary on `a` with an empty table `t (n)` and a slot for `b`, which has no data yet. */
export async function openPair(options?: { readonly tls?: boolean; readonly backups?: boolean }): Promise<Pair> {
  buildChildPrograms();
  const bed = await Testbed.open(options);
  try {
    const [a, b] = await Promise.all([bed.primary(), bed.node('b')]);
    const client = await bed.client(a);
    await client.query('create table t (n int primary key)');
    await a.postgres.ensureSlot(B);
    return { bed, a, b, client };
  } catch (cause) {
    await bed.close();
    throw cause;
  }
}

export async function streams(from: TestNode, to: TestNode): Promise<void> {
  await eventually(`${to.peer.node} streams from ${from.peer.node}`, () => {
    const facts = from.postgres.facts();
    return facts.kind === 'primary' && facts.peers.some((peer) => peer.node === to.peer.node && peer.streaming);
  });
}

/** As PostgreSQL's own superuser, over the socket on the node's host. */
export async function asSuperuser(node: TestNode, sql: string, database = 'postgres'): Promise<pg.QueryResult> {
  const session = new pg.Client({
    host: join(node.config.dataDir!, 'run'),
    port: node.config.ports.postgres,
    ...{ user: 'postgres', database },
    password: readFileSync(join(node.config.stateDir, 'secrets/pg-superuser'), 'utf8').trim(),
  });
  await session.connect();
  return await session.query(sql).finally(() => session.end());
}
