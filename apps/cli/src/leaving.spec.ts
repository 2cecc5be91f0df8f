import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PrivateCluster } from './testing/private-cluster.js';

/** Patterns 2, 3 and 13 on a cluster of real processes: SIGTERM to a node's controller, as an operating system does that goes down. */
describe('a planned stop', () => {
  let cluster: PrivateCluster;
  beforeAll(async () => {
    cluster = await PrivateCluster.open(64, 'clean');
    await cluster.born('a');
    cluster.sql('a', 'create table t (n int)');
  });
  afterAll(() => cluster.close());

  const whole = (master: string) =>
    cluster.until(`${master} serves, both in the sync set`, (status) =>
      status.master === master && status.nodes.every((node) => node.syncSet) ? status : null,
    );
  const terminate = async (node: string): Promise<void> => {
    const { processes } = await cluster.node(node);
    const pid = processes.find(({ name }) => name === 'controller')?.pid;
    expect(pid, `a controller of ${node}`).toBeDefined();
    process.kill(pid!, 'SIGTERM');
  };
  const log = (node: string): string => readFileSync(join(cluster.stateDir(node), 'controller.log'), 'utf8');

  it('of the Master hands over before its controller ends, with everything that was acknowledged', async () => {
    cluster.sql('a', 'insert into t values (1)');
    await terminate('a');
    const status = await cluster.until('b serves', (seen) => (seen.master === 'b' ? seen : null));
    expect(status.history[0]).toMatchObject({ owner: 'b', cause: 'planned stop of a', proof: expect.stringMatching(/^P1/) });
    await cluster.gone('a', 'controller');
    expect(log('a')).toContain('controller.left');
    expect(cluster.sql('b', 'select n from t')).toBe('1');
  });

  it('lets the old Master return by itself as a Standby, without a rewind', async () => {
    const before = log('a').length;
    cluster.start('a', ['controller']);
    await whole('b');
    expect(log('a').slice(before)).not.toMatch(/pg\.rewind|pg\.baseBackup/);
  });

  it('of the Standby takes it out of the sync set first: no write waits for it', async () => {
    await terminate('a');
    await cluster.until('a is out', ({ nodes }) => nodes.find((node) => node.name === 'a' && !node.syncSet));
    await cluster.gone('a', 'controller');
    expect(log('a').match(/controller\.left\b/g)).toHaveLength(2);
    // A commit that comes between the record and the setting waits for what the Master does by itself, not for the node that left.
    cluster.sql('b', 'insert into t values (2)');
    await expect.poll(() => cluster.sql('b', 'show synchronous_standby_names')).toBe('');
  });
});
