import { afterEach, describe, expect, it } from 'vitest';
import { buildChildPrograms } from '../testing/build.js';
import { asSuperuser } from '../testing/pair.js';
import { eventually, PATIENCE_MS, Testbed } from '../testing/testbed.js';
import { localTarget } from './context.js';
import { type ProbeAnswer, Prober } from './prober.js';
import { START_STILL_MS, StartProgress } from './start-progress.js';
import { WriteWatch } from './write-watch.js';

const written: ProbeAnswer = { kind: 'row', row: {} as never };
const late: ProbeAnswer = { kind: 'late' };
const error = (code: string): ProbeAnswer => ({ kind: 'error', code, message: `could not extend file (${code})` });

/** Answers in order, the last one again and again; time passes by 2 s an answer. */
function watched(...answers: ProbeAnswer[]) {
  const told: (string | null)[] = [];
  let nowMs = 0;
  const watch = new WriteWatch(
    { probe: async () => (answers.length > 1 ? answers.shift()! : answers[0]!), close: async () => {} },
    (trouble) => told.push(trouble),
  );
  const ask = async (times: number): Promise<void> => {
    for (let at = 0; at < times; at++) {
      watch.serving(() => nowMs);
      await new Promise((done) => setImmediate(done));
      nowMs += 2_000;
    }
  };
  return { watch, told, ask, now: () => nowMs };
}

describe('the local write of a Master', () => {
  it('that does not end three times in a row makes the server hung', async () => {
    const { watch, ask } = watched(late);
    await ask(2);
    expect(watch.hung()).toBeNull();
    await ask(1);
    expect(watch.hung()).toMatch(/3 local writes in a row did not end within 2 s/);
  });
  it('that ends in between begins the count anew', async () => {
    const { watch, ask } = watched(late, late, written, late, late, written);
    await ask(6);
    expect(watch.hung()).toBeNull();
  });
  it('of an older server counts for nothing', async () => {
    const { watch, ask } = watched(late);
    await ask(3);
    watch.over();
    expect(watch.hung()).toBeNull();
  });
  it.each([
    ['53100', /no room left/],
    ['58030', /I\/O error/],
    ['42501', /read-only/],
  ])('that fails with %s says why', async (code, says) => {
    const { watch, told, ask, now } = watched(error(code));
    await ask(2);
    expect(watch.unfit(now())).toBeNull();
    await ask(1);
    expect(watch.unfit(now())).toMatch(says);
    expect(watch.hung()).toBeNull();
    expect(told).toHaveLength(1);
  });
  it('takes its word back with the next success, or a minute after the node gave up its part', async () => {
    const healed = watched(error('53100'), error('53100'), error('53100'), written);
    await healed.ask(4);
    expect(healed.watch.unfit(healed.now())).toBeNull();
    const gone = watched(error('58030'));
    await gone.ask(3);
    expect(gone.watch.unfit(gone.now() + 50_000)).not.toBeNull();
    expect(gone.watch.unfit(gone.now() + 61_000)).toBeNull();
  });
  it.each(['55P03', '25006', '53300', '57P03'])('that fails with %s says nothing of the disk', async (code) => {
    const { watch, told, ask, now } = watched(error(code));
    await ask(5);
    expect([watch.hung(), watch.unfit(now()), told]).toEqual([null, null, []]);
  });
});

describe('a start', () => {
  const reading = { title: 'startup recovering 000000010000000000000001', ticks: 5, bytes: 4_096 };
  it('is judged by what it does: any progress begins the count anew', () => {
    const start = new StartProgress();
    start.look(1, reading, 0);
    expect(start.look(1, reading, START_STILL_MS)).toBe(START_STILL_MS);
    for (const [at, change] of [
      { title: 'startup recovering 000000010000000000000002' },
      { ticks: 6 },
      { bytes: 8_192 },
    ].entries())
      expect(start.look(1, { ...reading, ...change }, START_STILL_MS + at)).toBe(0);
  });
  it('of another server is another start', () => {
    const start = new StartProgress();
    start.look(1, reading, 0);
    expect(start.look(2, reading, 9_000)).toBe(0);
  });
});

describe('a real server', () => {
  let bed: Testbed | null = null;
  afterEach(async () => {
    await bed?.close();
    bed = null;
  });

  it('is written to though no Standby answers, by the controller’s own probe as well', async () => {
    buildChildPrograms();
    bed = await Testbed.open();
    const a = await bed.primary();
    const target = localTarget({
      config: a.config,
      paths: { sockets: `${a.config.dataDir}/run` },
    } as Parameters<typeof localTarget>[0]);
    // A write that waits for a Standby would never end: how long it may take is not the question.
    const prober = new Prober(target, PATIENCE_MS, 'write');
    bed.onClose(() => prober.close());
    // The sync wall is up: only a local write ends.
    await asSuperuser(a, "alter system set synchronous_standby_names = 'nobody'");
    await asSuperuser(a, 'select pg_reload_conf()');
    expect(await prober.probe()).toMatchObject({ kind: 'row' });
    expect(await prober.probe()).toMatchObject({ kind: 'row' });
    const first = (await asSuperuser(a, 'select at from yosugara.write_probe')).rows[0]?.at;
    await eventually('the controller’s own probe writes, too', async () => {
      const { rows } = await asSuperuser(a, 'select at from yosugara.write_probe');
      return String(rows[0]?.at) !== String(first);
    });
  });
});
