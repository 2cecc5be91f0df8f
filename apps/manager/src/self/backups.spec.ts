import { YosugaraError } from '@yosugara/kernel';
import { type Observation, SELF_BEGIN, selfStep, WATCHES } from '@yosugara/operations';
import { type NodeConfig, NodeConfigSchema } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { type AskRepository, archiverFacts, repositoryFacts } from './backups.js';
import type { Facts } from './gatherer.js';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 22);
const config = (backup?: object): NodeConfig =>
  NodeConfigSchema.parse({
    cluster: { id: 'spec', members: ['a', 'b'].map((id) => ({ id, kind: 'data', address: '127.0.85.1', peerId: `peer-${id}` })) },
    ...{ node: 'a', stateDir: '/nowhere', dataDir: '/nowhere', backup },
  });
const KEEPS = config({ repository: { type: 'directory', path: '/nowhere' } });
const setOf = (days: number) => ({ label: '20261115-023000F', endedAtMs: NOW_MS - days * DAY_MS });
/** What an operator reads of that within a minute. */
function told(facts: Facts): readonly string[] {
  const observation = (monotonicMs: number): Observation => ({
    ...{ node: 'a', monotonicMs, wallMs: NOW_MS },
    seen: new Map(Object.entries(facts)),
  });
  let state = SELF_BEGIN;
  const results = [0, 20_000, 40_000, 60_000].flatMap((atMs) => {
    const step = selfStep({ watches: WATCHES }, state, observation(atMs));
    state = step.state;
    return step.results;
  });
  return results.map(({ priority, message }) => `${priority}: ${message}`);
}

describe('backups of the cluster', () => {
  const age = async (ask: AskRepository) => told(await repositoryFacts(KEEPS, ask, NOW_MS));

  it('that are young are nothing to say', async () => expect(await age(async () => [setOf(9), setOf(1)])).toEqual([]));
  it('that have failed for two days are told, and for a week as critical', async () => {
    expect(await age(async () => [setOf(2.5)])).toEqual([
      'warning: a: the newest backup of the cluster is 2 days old (20261115-023000F)',
    ]);
    expect(await age(async () => [setOf(9), setOf(7)])).toEqual([
      'critical: a: the newest backup of the cluster is 7 days old (20261115-023000F)',
    ]);
  });
  it('of which there is none yet are told at once', async () =>
    expect(await age(async () => [])).toEqual(['warning: a: there is no backup of the cluster yet']));
  it('whose repository cannot be read are told with why', async () =>
    expect(
      await age(async () => {
        throw new YosugaraError('BACKUP_AWAY', 'the store does not answer');
      }),
    ).toEqual([expect.stringMatching(/^warning: a: the repository of backups cannot be read \(.*the store does not answer/)]));
  it('that nobody wants are not looked at', async () => {
    expect(await repositoryFacts(config(), async () => [], NOW_MS)).toEqual({});
    expect(archiverFacts(config(), { archiver: { isOn: false, waitsSeconds: 0, failedSegment: null } })).toEqual({});
  });
});

describe('WAL', () => {
  const wal = (isOn: boolean, waitsSeconds: number) =>
    told(
      archiverFacts(KEEPS, {
        archiver: { isOn, waitsSeconds, failedSegment: waitsSeconds > 0 ? '0000000100000000000000A7' : null },
      }),
    );

  it('that leaves is nothing to say', () => expect(wal(true, 0)).toEqual([]));
  it('that waits for a quarter of an hour is told, with what would be lost', () =>
    expect(wal(true, 900)).toEqual([
      'warning: a: WAL has not got to the repository of backups for 15 min: so much would be lost with both nodes (0000000100000000000000A7)',
    ]));
  it('that does not leave at all, though backups are configured, is told', () =>
    expect(wal(false, 0)).toEqual(['warning: a: backups are configured, and PostgreSQL sends no WAL']));
});
