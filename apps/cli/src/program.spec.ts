import { mkdirSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { join } from 'node:path';
import type { RecoverPlan, RecoverReport } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { initCluster } from './init/index.js';
import { table } from './output/terminal.js';
import { CommandLine, shows } from './testing/command-line.js';
import { wholeCluster } from './testing/statuses.js';

describe('yosugara', () => {
  const cli = new CommandLine();
  const { controller, yosugara } = cli;

  describe('status', () => {
    it('shows nodes and roles, and always what would happen if the Master died', async () => {
      await controller('a', shows(wholeCluster()));
      expect(await yosugara('status')).toBe(0);
      expect(cli.out).toMatch(/Cluster local: Master a, epoch 1/);
      expect(cli.out).toMatch(/^a\s+127\.0\.1\.1\s+MASTER_SYNC\s+yes/m);
      expect(cli.out).toMatch(/^w\s+127\.0\.1\.3\s+ARBITER .*voting/m);
      expect(cli.out).toContain('If the Master died now: b would take over within 9 s, nothing lost');
    });

    it('prints the whole document with --json, and 3 when a node is out', async () => {
      const ifMasterDied = { failsOver: false, to: null, seconds: null, dataLoss: null, reason: 'b is not in the sync set' };
      const status = wholeCluster({ ifMasterDied }, { syncSet: false, role: 'STOPPED' });
      await controller('a', shows(status));
      expect(await yosugara('status', '--json')).toBe(3);
      expect(JSON.parse(cli.out)).toEqual(status);
      expect(await yosugara('status')).toBe(3);
      expect(cli.out).toContain('If the Master died now: nobody would take over: b is not in the sync set');
    });

    it('believes the controller that knows the newest epoch, and does without the silent ones', async () => {
      await controller('a', shows(wholeCluster({ epoch: 4 })));
      await controller('b', shows(wholeCluster({ epoch: 5, master: 'b', answeredBy: 'b' })));
      await controller('w', () => undefined);
      expect(await yosugara('status', '--json')).toBe(0);
      expect(JSON.parse(cli.out)).toMatchObject({ epoch: 5, master: 'b' });
    });

    it('says in one line that nobody answers', async () => {
      mkdirSync(join(cli.dir, '.yosugara', 'a'), { recursive: true });
      await controller('b', () => undefined);
      expect(await yosugara('status')).toBe(1);
      expect(cli.notes).toMatch(/^yosugara: no controller answers on this host: is the cluster running\?.*\n$/);
    });

    it('says in one line that there is no cluster, with code 2', async () => {
      expect(await yosugara('status')).toBe(2);
      expect(cli.notes).toMatch(/^yosugara: no cluster found: .*--config FILE\n$/);
    });
  });

  describe('recover', () => {
    const out1 = { syncSet: false, role: 'STOPPED', needsRecover: true, why: 'was Master' };
    const running = (phase: string, step: number) =>
      wholeCluster(
        {},
        {
          ...out1,
          recover: { requestId: 'r1', phase, step, steps: 10, detail: '', fraction: null, method: 'rewind', state: 'running' },
        },
      );
    const done = wholeCluster(
      {},
      {
        recover: {
          requestId: 'r1',
          phase: 'report',
          step: 10,
          steps: 10,
          detail: '',
          fraction: 1,
          method: 'rewind',
          state: 'done',
        },
      },
    );

    it('follows the node that is out until it is back, and reports phases and method', async () => {
      const course = [wholeCluster({}, out1), running('rewind', 6), running('start', 8), done];
      await controller('a', (request) =>
        request.method === 'status'
          ? { result: course.length > 1 ? course.shift() : course[0] }
          : { result: { ok: true, message: 'accepted' } },
      );
      expect(await yosugara('recover', '--json')).toBe(0);
      expect(cli.asked).toEqual([{ id: 1, method: 'recover', node: 'b' }]);
      expect(JSON.parse(cli.out)).toMatchObject({ requestId: 'r1', node: 'b', method: 'rewind', state: 'done' });
      expect((JSON.parse(cli.out) as { phases: { phase: string }[] }).phases.map(({ phase }) => phase)).toEqual([
        'rewind',
        'start',
        'report',
      ]);
      expect(cli.notes).toContain('recover of b: rewind');
    });

    it('does not take the end of an earlier recover for its own', async () => {
      const stale = wholeCluster({}, { ...out1, recover: { ...done.nodes[1]!.recover!, requestId: 'r0' } });
      const course = [stale, stale, running('rewind', 6), done];
      await controller('a', (request) =>
        request.method === 'status' ? { result: course.length > 1 ? course.shift() : course[0] } : { result: { ok: true } },
      );
      expect(await yosugara('recover', '--json')).toBe(0);
      expect(JSON.parse(cli.out)).toMatchObject({ requestId: 'r1' });
    });

    it('is done at once where nothing is out', async () => {
      await controller('a', (request) =>
        request.method === 'status'
          ? { result: wholeCluster() }
          : { result: { ok: true, message: 'nothing to recover: every node is in the sync set' } },
      );
      expect(await yosugara('recover', '--json')).toBe(0);
      expect(JSON.parse(cli.out)).toMatchObject({ state: 'nothing-to-do', node: null });
    });

    it('fails with the exit code of the phase in which the node gave up', async () => {
      const failed = wholeCluster(
        {},
        {
          ...out1,
          recover: {
            requestId: 'r1',
            phase: 'rebuild',
            step: 7,
            steps: 10,
            detail: 'no space left',
            fraction: null,
            method: 'basebackup',
            state: 'failed',
          },
        },
      );
      await controller('a', shows(failed));
      expect(await yosugara('recover')).toBe(17);
      expect(cli.notes).toContain('recover of b failed in rebuild: no space left');
    });

    it('is refused with 11, the controller’s code and its sentence', async () => {
      const refusal = { code: 'DISK_TOO_SMALL', message: 'b has 10 MB free and a copy of a needs 90 MB: make room' };
      await controller('a', (request) => (request.method === 'status' ? { result: wholeCluster({}, out1) } : { error: refusal }));
      expect(await yosugara('recover')).toBe(11);
      expect(cli.notes).toContain(refusal.message);
      expect(await yosugara('recover', '--json')).toBe(11);
      expect(`${cli.out}${cli.notes}`).toContain('DISK_TOO_SMALL');
    });

    it('shows the report: phases with their times, what was discarded and where it is kept', async () => {
      const recoverReport: RecoverReport = {
        ...{ version: 1, requestId: 'r1', node: 'b', source: 'a', state: 'done', phase: 'report', detail: '' },
        ...{
          method: 'rewind',
          why: 'WAL went past the fork',
          startedAt: '2026-11-21T00:00:00.000Z',
          endedAt: null,
          totalMs: 4_200,
        },
        ...{ resumed: 1, bytes: 3 * 1024 * 1024, totalBytes: null, archived: 0, tries: [], setAside: null },
        phases: [
          { phase: 'preflight', ms: 20, entered: 1 },
          { phase: 'rewind', ms: 3_100, entered: 2 },
        ],
        discarded: { from: '0/3000000', to: '0/3100000', bytes: 1024 * 1024, timeline: 1 },
        keptWal: '/data/discarded/t1',
        journals: { atStart: null, atEnd: null },
        look: ['see whether the discarded WAL matters'],
      };
      const ended = wholeCluster({}, { recover: done.nodes[1]!.recover!, recoverReport });
      const course = [wholeCluster({}, out1), ended];
      await controller('a', (request) =>
        request.method === 'status'
          ? { result: course.length > 1 ? course.shift() : course[0] }
          : { result: { ok: true, message: 'accepted' } },
      );
      expect(await yosugara('recover')).toBe(0);
      expect(cli.out).toMatch(/b is back in the sync set after [\d.]+ s, method rewind/);
      expect(cli.out).toMatch(/^rewind +3\.1 s \(entered 2 times\)$/m);
      expect(cli.out).toContain('discarded WAL: 0/3000000 to 0/3100000 of timeline 1 (1.0 MB)');
      expect(cli.out).toContain('kept in compressed form: /data/discarded/t1');
      expect(cli.out).toContain('interrupted and resumed: 1 times');
      expect(cli.out).toContain('- see whether the discarded WAL matters');
    });

    it('only asks with --dry-run', async () => {
      await controller('a', (request) =>
        request.method === 'status'
          ? { result: wholeCluster({}, out1) }
          : { result: { ok: true, message: 'b would be brought back', dryRun: true } },
      );
      expect(await yosugara('recover', '--dry-run')).toBe(0);
      expect(cli.asked).toEqual([{ id: 1, method: 'recover', node: 'b', dryRun: true }]);
      expect(cli.out).toBe('b would be brought back\n');
    });
  });

  describe('recover --dry-run', () => {
    const plan: RecoverPlan = {
      ...{
        version: 1,
        node: 'b',
        source: 'a',
        refusals: [],
        cause: 'diverged',
        method: 'rewind',
        why: 'its WAL goes past the fork',
      },
      ...{ bytes: 4_800, setsAside: false, discards: { from: '0/3E8', to: '0/708', bytes: 800, timeline: 1 } },
      phases: [{ phase: 'rewind', what: 'pg_rewind' }],
    };
    const planned = (over: Partial<RecoverPlan> = {}) =>
      controller('a', (request) =>
        request.method === 'status'
          ? { result: wholeCluster({}, { syncSet: false }) }
          : { result: { ok: true, message: 'as it would be', plan: { ...plan, ...over } } },
      );

    it('is a plan as data: cause, method, phases, bytes and what would be given up', async () => {
      await planned();
      expect(await yosugara('recover', '--dry-run', '--json')).toBe(0);
      expect(JSON.parse(cli.out)).toMatchObject({ state: 'dry-run', node: 'b', method: 'rewind', plan });
    });

    it('ends with 11, the codes and the sentences, when recover would be refused', async () => {
      const refusals = [{ code: 'PAUSED', message: 'the cluster is paused' }];
      await planned({ refusals });
      expect(await yosugara('recover', '--dry-run', '--json')).toBe(11);
      expect(JSON.parse(cli.out).plan.refusals).toEqual(refusals);
      expect(await yosugara('recover', '--dry-run')).toBe(11);
      expect(cli.out).toContain('as it would be');
    });
  });

  describe('switchover and promote', () => {
    it('follows until the new Master serves', async () => {
      const after = wholeCluster({ epoch: 2, master: 'b' });
      const role = (name: string) => (name === 'b' ? 'MASTER_SYNC' : 'STANDBY_SYNC');
      const nodes = after.nodes.map((node) => ({ ...node, role: role(node.name) }));
      const course = [wholeCluster(), wholeCluster({ master: null, phase: 'PROMOTING' }), { ...after, nodes }];
      await controller('a', (request) =>
        request.method === 'status' ? { result: course.length > 1 ? course.shift() : course[0] } : { result: { ok: true } },
      );
      expect(await yosugara('switchover', '--json')).toBe(0);
      expect(cli.asked).toEqual([{ id: 1, method: 'switchover', to: 'b' }]);
      expect(JSON.parse(cli.out)).toMatchObject({ from: 'a', to: 'b', epoch: 2, state: 'done' });
    });

    it('ends with 4 and the reason when the cluster refuses', async () => {
      await controller('a', (request) =>
        request.method === 'status'
          ? { result: wholeCluster() }
          : { error: { code: 'REFUSED', message: 'a is heard and serves: use switchover' } },
      );
      expect(await yosugara('promote', 'b', '--accept-data-loss')).toBe(4);
      expect(cli.notes).toBe('yosugara: a is heard and serves: use switchover\n');
      expect(await yosugara('promote', 'b', '--accept-data-loss', '--json')).toBe(4);
      expect(JSON.parse(cli.out)).toMatchObject({ error: { code: 'REFUSED', exitCode: 4 } });
    });

    it.each([
      ['tells whose word it is', /^never$/, [{ by: expect.any(String) }]],
      ['tells it without a name to a controller from before an upgrade', /"by"/, [{ by: expect.any(String) }, {}]],
    ])('promotes, and %s', async (_, unknown, asked) => {
      await controller('a', (request) => {
        if (request.method === 'status') return { result: wholeCluster() };
        if (unknown.test(JSON.stringify(request)))
          return { error: { code: 'INVALID_INPUT', message: 'not a control request: Unrecognized key: "by"' } };
        return { error: { code: 'REFUSED', message: 'a is heard and serves: use switchover' } };
      });
      expect(await yosugara('promote', 'b', '--accept-data-loss', '--old-master-is-off')).toBe(4);
      expect(cli.notes).toBe('yosugara: a is heard and serves: use switchover\n');
      const words = { id: 1, method: 'promote', node: 'b', acceptDataLoss: true, oldMasterIsOff: true };
      expect(cli.asked).toEqual(asked.map((more) => ({ ...words, ...more })));
    });

    it('asks again while the leader is busy', async () => {
      let busy = 2;
      await controller('a', (request) => {
        if (request.method === 'status') return { result: wholeCluster() };
        busy -= 1;
        return busy >= 0
          ? { error: { code: 'REFUSED', message: 'busy with another change; ask again' } }
          : { error: { code: 'REFUSED', message: 'b is not in the sync set' } };
      });
      expect(await yosugara('switchover')).toBe(4);
      expect(cli.notes).toBe('yosugara: b is not in the sync set\n');
    });

    it('does not promote without the words', async () => {
      expect(await yosugara('promote', 'b')).toBe(2);
      expect(cli.notes).toContain("required option '--accept-data-loss'");
    });
  });

  describe('messages', () => {
    const row = {
      id: '1',
      receivedAt: '2026-11-21T00:00:00.000001Z',
      source: '192.0.2.1',
      kind: 'syslog',
      severity: 'err',
      host: 'h',
      app: 'app',
      text: 'evil \u001b[2J text',
      seenBy: ['a', 'b'],
    };
    const manager = async () => {
      const paths: string[] = [];
      const tokens: unknown[] = [];
      const server = createHttp((request, response) => {
        paths.push(request.url ?? '');
        tokens.push(request.headers.authorization);
        response.end(JSON.stringify({ rows: [row], next: 'more' }));
      });
      cli.keep(server);
      await new Promise<void>((done) => server.listen(0, '127.0.78.1', done));
      const { port } = server.address() as { port: number };
      const members = [
        { id: 'a', kind: 'data' as const, address: '127.0.78.2', zone: 'x' },
        { id: 'b', kind: 'data' as const, address: '127.0.78.1', zone: 'y' },
      ];
      await initCluster(join(cli.dir, '.yosugara'), { clusterId: 'test', members, ports: { console: port }, consoleTls: false });
      return { paths, tokens };
    };

    it('asks the node that answers, with the token and the filter, and pages up to the limit', async () => {
      const { paths, tokens } = await manager();
      expect(
        await yosugara(
          'messages',
          '--text',
          'a b',
          '--kind',
          'syslog',
          '--since',
          '2026-11-20T00:00:00Z',
          '--limit',
          '2',
          '--json',
        ),
      ).toBe(0);
      expect(paths).toEqual([
        '/api/v1/messages?text=a%20b&kind=syslog&since=2026-11-20T00%3A00%3A00.000Z&limit=2',
        '/api/v1/messages?text=a%20b&kind=syslog&since=2026-11-20T00%3A00%3A00.000Z&limit=1&after=more',
      ]);
      expect(tokens[0]).toMatch(/^Bearer .{40,}$/);
      expect(JSON.parse(cli.out)).toEqual({ rows: [row, row], next: 'more' });
    });

    it('asks by what messages hold, terms more than once', async () => {
      const { paths } = await manager();
      const more = ['--sd', 'x@1.k=v', '--sd', 'y@1.k', '--varbind', '1.3=5', '--only-at', 'a', '--transport', 'relp'];
      expect(await yosugara('messages', ...more, '--reason', 'any', '--limit', '1')).toBe(0);
      expect(paths).toEqual([
        '/api/v1/messages?transport=relp&sd=x%401.k%3Dv&sd=y%401.k&varbind=1.3%3D5&onlyAt=a&reason=any&limit=1',
      ]);
    });

    it('never lets a message speak to the terminal', async () => {
      await manager();
      expect(await yosugara('messages', '--limit', '1')).toBe(0);
      expect(cli.out).toContain('evil \\x1b[2J text');
    });

    it('refuses a span it does not know, with code 2', async () => {
      await manager();
      expect(await yosugara('messages', '--since', 'soon')).toBe(2);
      expect(cli.notes).toContain('--since: found "soon", allowed is a span such as 30s');
    });
  });

  it('makes a cluster with init', async () => {
    const args = [
      'init',
      '--out',
      join(cli.dir, 'made'),
      '--cluster-id',
      'prod',
      '--member',
      'a=192.0.2.1,zone=x',
      '--member',
      'b=192.0.2.2,zone=y',
      '--arbiter',
      'w=192.0.2.3',
      '--vip',
      '192.0.2.9',
      '--vip-interface',
      'eth0',
      '--port',
      'syslog=514',
      '--state-dir',
      '/var/lib/yosugara/state',
      '--json',
    ];
    expect(await yosugara(...args)).toBe(0);
    expect(JSON.parse(cli.out)).toMatchObject({ nodes: [{ id: 'a' }, { id: 'b' }, { id: 'w' }] });
    expect(await yosugara(...args)).toBe(1);
    expect(cli.notes).toBe('');
    expect(JSON.parse(cli.out)).toMatchObject({ error: { code: 'ALREADY_EXISTS' } });
  });
});

it('aligns a table by what is seen, not by what is sent', () =>
  expect(
    table(
      ['A', 'B'],
      [
        ['\u001b[31mred\u001b[0m', 'x'],
        ['green', 'y'],
      ],
    ),
  ).toBe('A      B\n\u001b[31mred\u001b[0m    x\ngreen  y'));
