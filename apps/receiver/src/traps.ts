import { hash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Log } from '@yosugara/kernel';
import { type TrapRefusal, trapRefusal, UsmReceiver } from '@yosugara/operations';
import { type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import { loadSnmpUsers, monotonicMs, NODE_USM_CRYPTO, RefusedSamples, startSnmpEngine, wallUs } from '@yosugara/receivers';
import { type EarlierJournals, recallInforms, TrapIntake, type TrapIntakeOptions } from '@yosugara/runtime';

const SAVE_MS = 10_000;
const SAY_MS = 1_000;

export interface Traps {
  readonly intake: TrapIntake;
  /** To be told of everything that was not taken. */
  onRefused(handler: (address: string, reason: TrapRefusal) => void): void;
  stop(): void;
}

/**
 * Traps and INFORMs of all versions. The SNMP engine counts its start, whether or not there are users: its id is then the same when the
 * first one comes. @throws SnmpEngineError, SnmpUserError
 */
export async function openTraps(
  config: NodeConfig,
  log: Log,
  journal: Pick<TrapIntakeOptions, 'intake' | 'lastSeq' | 'safeSeq' | 'isSafe'> & { readonly earlier?: EarlierJournals },
): Promise<Traps> {
  const dir = join(config.stateDir, STATE_LAYOUT.snmp);
  const { communities, users: userConfigs } = config.receiver.traps;
  const engine = startSnmpEngine(dir);
  const users = await loadSnmpUsers(userConfigs);
  const { engineId, boots, counters } = engine;
  const usm = new UsmReceiver({
    ...{ crypto: NODE_USM_CRYPTO, engineId, boots, counters, users, startedMs: monotonicMs() },
    firstSalt: randomBytes(8).readBigUInt64BE(),
  });
  let tellRefused: (address: string, reason: TrapRefusal) => void = () => undefined;
  const samples = new RefusedSamples(join(dir, 'refused.jsonl'));
  const intake = new TrapIntake({
    ...{ intake: journal.intake, lastSeq: journal.lastSeq, safeSeq: journal.safeSeq },
    ...(journal.isSafe === undefined ? {} : { isSafe: journal.isSafe }),
    ...{ communities, usm: users.length === 0 ? null : usm, nowMs: monotonicMs },
    digest: (data) => hash('sha256', data, 'base64'),
    onRefused: (record, reason) => {
      samples.add({ atUs: record.receivedAtUs, source: record.source, reason, raw: record.raw });
      tellRefused(record.source.address, trapRefusal(reason));
    },
  });
  log.info('snmp.engine', { engineId: Buffer.from(engineId).toString('hex'), boots, users: users.length, isNew: engine.isNew });
  if (usm.isLatched)
    log.error('snmp.latched', {
      why: `SNMP engine boots are at their end: remove ${dir}/engine.json, so that INFORMs are taken again`,
    });

  // Not waited for: the sockets are opened meanwhile.
  if (journal.earlier !== undefined) void recallInforms(intake, journal.earlier, wallUs(), log);

  const save = () => engine.saveCounters(usm.counters);
  const say = () => {
    if (intake.malformed.size > 0) log.warn('trap.malformed', { counts: Object.fromEntries(intake.malformed) });
    intake.malformed.clear();
    samples.flush();
  };
  const timers = [setInterval(save, SAVE_MS), setInterval(say, SAY_MS)];
  return {
    intake,
    onRefused: (handler) => {
      tellRefused = handler;
    },
    stop: () => {
      for (const timer of timers) clearInterval(timer);
      say();
      save();
    },
  };
}
