import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PowerController, startPowerController } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { PrivateCluster } from './testing/private-cluster.js';

const there = ['/usr/sbin/fence_ipmilan', '/usr/bin/ipmitool', '/usr/bin/ipmi_sim'].every((path) => existsSync(path));
const DATA = ['a', 'b'] as const;
const PATIENTLY = { timeout: 180_000, interval: 500 };

/** One story: a cluster of real processes whose hosts hang on real IPMI boards, and that trusts nothing but P1 and P2. */
describe.runIf(there)('fencing', () => {
  let cluster: PrivateCluster;
  const boards = new Map<string, PowerController>();
  const hookLog = () => readFileSync(join(cluster.root, 'hooks'), 'utf8').trim().split('\n');
  const healthy = () =>
    cluster.until(
      'a healthy cluster',
      (status) => status.ifMasterDied.failsOver && status.nodes.every((node) => node.syncSet) && status,
    );

  beforeAll(async () => {
    cluster = await PrivateCluster.open(63);
    for (const node of DATA) {
      let on = true;
      const power = {
        read: () => on,
        set: async (wanted: boolean) => {
          on = wanted;
          if (!wanted) await cluster.powerOff(node);
        },
      };
      const board = await startPowerController({ host: node, power, logFile: join(cluster.root, `power-${node}.log`) });
      boards.set(node, board);
      writeFileSync(join(cluster.root, `bmc-${node}`), `${board.password}\n`, { mode: 0o600 });
    }
    const hook = join(cluster.root, 'hook');
    writeFileSync(hook, `#!/bin/sh\necho "$YOSUGARA_HOOK $YOSUGARA_NODE $YOSUGARA_EPOCH" >> ${cluster.root}/hooks\n`, {
      mode: 0o755,
    });
    for (const node of ['a', 'b', 'w']) configure(join(cluster.stateDir(node), 'yosugara.yaml'), hook);
    for (const node of ['w', 'a', 'b']) cluster.start(node);
    await cluster.whole();
    await healthy();
  });
  afterAll(async () => {
    await cluster.close();
    for (const board of boards.values()) await board.close();
  });

  function configure(file: string, hook: string): void {
    const config = parse(readFileSync(file, 'utf8'));
    config.cluster.stopProofs = ['P1', 'P2'];
    config.cluster.hooks = { beforePromotion: { program: hook }, afterPromotion: { program: hook } };
    for (const member of config.cluster.members) {
      const board = boards.get(member.id);
      if (board === undefined) continue;
      const device = { name: 'bmc', driver: 'agent', program: 'fence_ipmilan', options: { ...board.options, power_wait: 0 } };
      member.fence = [[{ ...device, secretFiles: { password: join(cluster.root, `bmc-${member.id}`) }, offMs: 1_000 }]];
    }
    writeFileSync(file, stringify(config), { mode: 0o600 });
  }

  it('reads both boards with the real credentials', async () => {
    const { code, out } = await cluster.yosugara('fence', 'check', '--json');
    expect(JSON.parse(out)).toMatchObject({
      devices: [
        { target: 'a', by: 'b', healthy: true, says: 'level 1: bmc reads on' },
        { target: 'b', by: 'a', healthy: true, says: 'level 1: bmc reads on' },
      ],
      without: [],
    });
    expect(code).toBe(0);
    // As the controllers last read them by themselves, which may have been when a board stood still.
    await expect.poll(async () => (await cluster.yosugara('fence', 'status')).code, PATIENTLY).toBe(0);
  });

  it('is rehearsed by a drill that cuts nobody’s power, with the operator’s hooks around it', async () => {
    const drill = async () => ({ from: (await healthy()).master!, ...(await cluster.yosugara('drill', '--json')) });
    let done = await drill();
    // A node that just stood still cannot take over: then nothing was changed.
    while (/needs a healthy cluster|not in the sync set|gave it up/.test(done.out)) done = await drill();
    const { from, code, out, notes } = done;
    expect({ code, notes, out }).toEqual({ code: 0, notes: expect.not.stringContaining('yosugara:'), out: expect.any(String) });
    const [leg] = (JSON.parse(out) as { legs: { from: string; to: string; epoch: number; totalMs: number }[] }).legs;
    expect(leg!.from).toBe(from);
    await expect.poll(async () => (await cluster.status()).history[0]!.proof).toMatch(/^P1/);
    // Nothing waits for the hook that comes after.
    for (const which of ['before', 'after']) await expect.poll(hookLog).toContain(`${which}-promotion ${leg!.to} ${leg!.epoch}`);
    for (const board of boards.values()) expect(board.log.filter(({ asked }) => asked.startsWith('set'))).toEqual([]);
  });

  it('takes over from a lost Master after its power was cut and read back, and not while paused', async () => {
    const before = await healthy();
    const lost = before.master!;
    const other = DATA.find((node) => node !== lost)!;
    const board = boards.get(lost)!;
    expect((await cluster.yosugara('pause', '--minutes', '10', '--why', 'spec')).code).toBe(0);
    await cluster.until('everybody knows', ({ pause }) => pause?.why === 'spec');
    cluster.freeze(lost);
    await cluster.until(`${other} says why it does not take over`, ({ master, nodes }) =>
      nodes.some((node) => master === null && node.name === other && node.why.includes('paused until')),
    );
    expect(board.log.filter(({ asked }) => asked.startsWith('set'))).toEqual([]);
    expect((await cluster.yosugara('resume')).code).toBe(0);
    const after = await cluster.until(`${other} serves`, (status) => status.master === other && status);
    expect(after.history[0]!.proof).toMatch(/^P2: .*fence_ipmilan.*bmc.*was read back off after \d+ ms/);
    const cut = board.log.findIndex(({ asked }) => asked === 'set power 0');
    expect(board.log[cut]!.answered).toBe('ok');
    expect(board.log.slice(cut).some(({ asked, answered }) => asked === 'get power' && answered === 'off')).toBe(true);
  });
});
