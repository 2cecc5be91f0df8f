import type { Status } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { CommandLine, type Request, shows } from './testing/command-line.js';
import { wholeCluster } from './testing/statuses.js';

describe('verbs that govern the cluster', () => {
  const cli = new CommandLine();
  const { controller, yosugara } = cli;
  const accepts = (status: Status) => shows(status, 'written down');

  it('pauses for a while, with a reason, and resumes', async () => {
    await controller('a', accepts(wholeCluster()));
    expect(await yosugara('pause', '--minutes', '30', '--why', 'switch is replaced')).toBe(0);
    expect(cli.out).toMatch(/^paused until \d{4}-.*: written down\n$/);
    expect(await yosugara('resume', '--json')).toBe(0);
    expect(JSON.parse(cli.out)).toMatchObject({ state: 'running', until: null });
    expect(cli.asked).toMatchObject([
      { method: 'pause', minutes: 30, why: 'switch is replaced' },
      { method: 'pause', minutes: 0 },
    ]);
  });

  it.each([
    [['pause', '--why', 'x']],
    [['pause', '--minutes', '0', '--why', 'x']],
    [['pause', '--minutes', '20000', '--why', 'x']],
    [['maintenance', 'b']],
    [['maintenance', 'b', '--on', '--off']],
    [['maintenance', 'b', '--on', '--minutes', '5']],
    [['dr', 'promote', 'c']],
    [['fence', 'off', 'b', '--yes-cut-power', 'b']],
    [['fence', 'off', 'b', '--why', 'smoke']],
    [['fence', 'off', 'b', '--why', 'smoke', '--yes-cut-power', 'a']],
  ])('%j is a wrong command line, and asks nobody', async (args) => {
    await controller('a', accepts(wholeCluster()));
    expect(await yosugara(...args)).toBe(2);
    expect(cli.asked).toEqual([]);
  });

  it('takes a node into maintenance and back', async () => {
    await controller('a', accepts(wholeCluster()));
    expect(await yosugara('maintenance', 'b', '--on', '--minutes', '45', '--why', 'new disks')).toBe(0);
    expect(cli.out).toMatch(/^b: maintenance until \d{4}-.*: written down\n$/);
    expect(await yosugara('maintenance', 'b', '--off')).toBe(0);
    expect(cli.out).toBe('b: in service: written down\n');
    expect(cli.asked).toMatchObject([
      { method: 'maintenance', node: 'b', minutes: 45, why: 'new disks' },
      { method: 'maintenance', node: 'b', minutes: 0 },
    ]);
  });

  it('says what the cluster refused, with its own exit code', async () => {
    await controller('a', () => ({ error: { code: 'REFUSED', message: 'a is in maintenance already: end that first' } }));
    expect(await yosugara('maintenance', 'b', '--on', '--minutes', '45', '--why', 'new disks')).toBe(4);
    expect(cli.notes).toContain('a is in maintenance already');
  });

  describe('fence', () => {
    const reading = { target: 'b', by: 'a', healthy: true, offMs: 2_210, ageMs: 12_400, says: 'level 1: bmc reads on' };
    const broken = {
      ...reading,
      target: 'a',
      by: 'b',
      healthy: false,
      says: 'level 1: bmc (fence_ipmilan) cannot be read: no answer',
    };

    it('status shows each device as it was last read', async () => {
      await controller('a', accepts(wholeCluster({ fence: [reading, broken] })));
      expect(await yosugara('fence', 'status')).toBe(3);
      expect(cli.out.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual([
        'NODE | READ BY | STATE | OFF WITHIN | READ | SAYS',
        'a | b | BROKEN | 2.2 s | 12 s ago | level 1: bmc (fence_ipmilan) cannot be read: no answer',
        'b | a | healthy | 2.2 s | 12 s ago | level 1: bmc reads on',
        '',
      ]);
    });

    it('check asks whoever can read each device now', async () => {
      const knows = (target: string, by: string) => (request: Request) =>
        request.method === 'status'
          ? { result: wholeCluster() }
          : request['node'] === target
            ? { result: { ...reading, target, by, ageMs: 0 } }
            : { error: { code: 'UNAVAILABLE', message: 'no power device' } };
      await controller('a', knows('b', 'a'));
      await controller('b', knows('a', 'b'));
      expect(await yosugara('fence', 'check', '--json')).toBe(0);
      const { devices, without } = JSON.parse(cli.out) as { devices: { target: string; by: string }[]; without: string[] };
      expect(devices.map(({ target, by }) => `${target} by ${by}`)).toEqual(['a by b', 'b by a']);
      expect(without).toEqual([]);
    });

    const lastFence = { requestId: 'f2', target: 'b', by: 'a', method: null, evidence: '', at: '', ordered: null } as const;
    /** It takes the order, and shows what becomes of it. */
    const orders = (...stages: readonly Partial<Status>[]) => {
      const left = [...stages];
      return (request: Request): object => {
        if (request.method !== 'status') return { result: { ok: true, message: 'b is to be switched off' } };
        return { result: wholeCluster(left.length > 1 ? left.shift()! : left[0]!) };
      };
    };
    const earlier = { ...lastFence, requestId: 'f1', state: 'confirmed', evidence: 'long ago' } as const;

    it('off has the power cut, and says what its devices read back', async () => {
      const confirmed = { ...lastFence, state: 'confirmed', method: 'fence_ipmilan', evidence: 'bmc reads off' } as const;
      const begun = { lastFence: { ...lastFence, state: 'requested' } } as const;
      await controller('a', orders({ lastFence: earlier }, { lastFence: earlier }, begun, { lastFence: confirmed }));
      expect(await yosugara('fence', 'off', 'b', '--why', 'smoke', '--yes-cut-power', 'b')).toBe(0);
      expect(cli.out).toBe('b is off by fence_ipmilan: bmc reads off\n');
      expect(cli.asked.find(({ method }) => method === 'fence')).toMatchObject({
        node: 'b',
        why: 'smoke',
        by: expect.any(String),
      });
    });

    it('off that did not come off is a failure that says why', async () => {
      const failed = { ...lastFence, state: 'failed', evidence: 'no answer in 20 s' } as const;
      await controller('a', orders({}, { lastFence: failed }));
      expect(await yosugara('fence', 'off', 'b', '--why', 'smoke', '--yes-cut-power', 'b')).toBe(1);
      expect(cli.notes).toContain('no answer in 20 s');
    });

    it('off of a Master that nobody can replace is refused, unless it is meant so: then whoever has a device cuts it', async () => {
      const off = ['fence', 'off', 'a', '--why', 'it hangs', '--yes-cut-power', 'a'] as const;
      const code = (force: boolean) => (force ? 'UNAVAILABLE' : 'NO_HEIR');
      await controller('a', (request) =>
        request.method === 'status'
          ? { result: wholeCluster() }
          : { error: { code: code(request['force'] === true), message: 'nobody would serve' } },
      );
      await controller('b', ({ method }) =>
        method === 'status' ? { result: wholeCluster() } : { result: { message: 'a is off by plug: reads off' } },
      );
      expect(await yosugara(...off)).toBe(4);
      expect(await yosugara(...off, '--even-if-nobody-serves')).toBe(0);
      expect(cli.out).toBe('a is off by plug: reads off\n');
    });

    it('is not healthy where nobody can switch a node off', async () => {
      await controller('a', accepts(wholeCluster()));
      expect(await yosugara('fence', 'status')).toBe(3);
      expect(cli.out).toContain('a: no power device that can be read from here');
    });
  });

  describe('drill', () => {
    /** A cluster that changes its Master in steps, one every second look. */
    function cluster(): (request: Request) => object {
      const stages: Status[] = [wholeCluster()];
      const looks = { left: 0 };
      const order = (to: string): void => {
        const from = to === 'b' ? 'a' : 'b';
        const { epoch } = stages.at(-1)!;
        const nodes = (role: (name: string) => string, out: readonly string[]) =>
          wholeCluster().nodes.map((node) => ({ ...node, role: role(node.name), syncSet: !out.includes(node.name) }));
        const serving = (name: string) => (name === to ? 'MASTER_SYNC' : 'STANDBY_SYNC');
        const base = { epoch: epoch + 1, leader: to };
        stages.push(wholeCluster({ ...base, master: null, phase: 'promoting', nodes: nodes(() => 'STOPPED', [from]) }));
        stages.push(wholeCluster({ ...base, master: to, nodes: nodes(serving, [from]) }));
        stages.push(wholeCluster({ ...base, master: to, nodes: nodes(serving, []) }));
      };
      return (request) => {
        if (request.method === 'switchover') {
          order(String(request['to']));
          return { result: { ok: true, message: 'accepted' } };
        }
        looks.left += 1;
        if (stages.length > 1 && looks.left % 2 === 0) stages.shift();
        return { result: stages[0] };
      };
    }

    it('rehearses a take-over, returns, and reports the time of each step', async () => {
      await controller('a', cluster());
      expect(await yosugara('drill', '--back', '--json')).toBe(0);
      const { legs } = JSON.parse(cli.out) as {
        legs: { from: string; to: string; epoch: number; totalMs: number; steps: object[] }[];
      };
      expect(legs).toMatchObject([
        { from: 'a', to: 'b', epoch: 2 },
        { from: 'b', to: 'a', epoch: 3 },
      ]);
      for (const { steps, totalMs } of legs) {
        const times = steps as { step: string; atMs: number; tookMs: number }[];
        expect(times.map(({ step }) => step.replace(/^[ab] /, ''))).toEqual([
          'ordered and committed',
          'has given up the epoch',
          'owns the new epoch',
          'serves',
          'follows, in the sync set',
          'the next loss would be survived',
        ]);
        expect(times.reduce((sum, { tookMs }) => sum + tookMs, 0)).toBe(times.at(-1)!.atMs);
        expect(times.at(-1)!.atMs).toBeLessThanOrEqual(totalMs);
      }
    });

    it('shows it as a table', async () => {
      await controller('a', cluster());
      expect(await yosugara('drill')).toBe(0);
      expect(cli.out).toMatch(/^a → b, epoch 2, \d+\.\d\d s\nSTEP +TOOK +AFTER\nordered and committed +\d/);
    });

    it('is refused while the cluster would not survive it', async () => {
      await controller('a', accepts(wholeCluster({}, { syncSet: false, why: 'catching up' })));
      expect(await yosugara('drill')).toBe(4);
      expect(cli.notes).toContain('a drill needs a healthy cluster, and this one is not: b is not in the sync set (catching up)');
      expect(cli.asked).toEqual([]);
    });
  });

  it('promotes a DR member on an operator’s word, which goes with the order', async () => {
    let status = wholeCluster({ master: null });
    await controller('c', (request) => {
      if (request.method === 'drPromote') status = wholeCluster({ master: 'b', epoch: 2 }, { role: 'MASTER_SOLO' });
      return accepts(status)(request);
    });
    expect(await yosugara('dr', 'promote', 'b', '--evidence', 'site 1 burnt down')).toBe(0);
    expect(cli.asked).toMatchObject([{ method: 'drPromote', node: 'b', evidence: 'site 1 burnt down' }]);
    expect(cli.out).toMatch(/\nb is Master, epoch 2, after /);
  });
});
