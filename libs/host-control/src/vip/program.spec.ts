import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeConfigSchema } from '@yosugara/protocol';
import type { VipDriver } from '@yosugara/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createVipDriver } from './driver.js';

const SCRIPT = `#!/bin/sh
cd "$(dirname "$0")"
cat > input
echo "$1 $YOSUGARA_VIP $YOSUGARA_NODE" >> calls
[ -e "broken" ] && { echo "the router does not answer"; exit 5; }
case "$1" in
  hold) sleep 0.05; [ -e idle ] || touch here ;;
  release) rm -f here ;;
  held) [ -e here ] ;;
esac
`;

describe('driver command', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'yosugara-vip-'));
    writeFileSync(join(folder, 'vip'), SCRIPT, { mode: 0o755 });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const calls = () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');

  function driver(agent = join(folder, 'vip')): VipDriver {
    const member = (id: string, kind: 'data' | 'witness') => ({ id, kind, address: '127.0.2.1', peerId: id });
    const vip = { address: '127.0.2.10', driver: 'command', agent, options: { table: 'rtb-1' } };
    const members = [member('a', 'data'), member('b', 'data'), member('w', 'witness')];
    return createVipDriver(NodeConfigSchema.parse({ cluster: { id: 'vip-spec', members, vip }, node: 'a', stateDir: folder }));
  }

  it('holds and releases by the operator’s program, which gets the options on standard input', async () => {
    const vip = driver();
    expect(await vip.held()).toBe(false);
    await vip.hold(() => 3_000);
    expect(await vip.held()).toBe(true);
    expect(readFileSync(join(folder, 'input'), 'utf8')).toBe('table=rtb-1\n');
    await vip.release();
    expect(await vip.held()).toBe(false);
    expect(new Set(calls())).toEqual(new Set(['held', 'hold', 'release'].map((verb) => `${verb} 127.0.2.10 a`)));
  });

  it('is renewed twice a second without asking the program each time', async () => {
    const vip = driver();
    await vip.hold(() => 3_000);
    const before = calls().length;
    for (let renewal = 0; renewal < 20; renewal++) await vip.hold(() => 3_000);
    expect(await vip.held()).toBe(true);
    expect(calls().length).toBe(before);
  });

  it('says what the program said when it fails', async () => {
    const vip = driver();
    writeFileSync(join(folder, 'broken'), '');
    await expect(vip.hold(() => 3_000)).rejects.toMatchObject({
      code: 'VIP_FAILED',
      message: expect.stringContaining('held: ended with 5: the router does not answer'),
    });
  });

  it('does not believe a program that says ok and holds nothing', async () => {
    writeFileSync(join(folder, 'idle'), '');
    await expect(driver().hold(() => 3_000)).rejects.toMatchObject({ message: expect.stringContaining('does not hold it') });
  });

  it('gives the VIP back when the lease ended while it was being moved', async () => {
    const until = performance.now() + 1_020;
    const slow = join(folder, 'slow');
    writeFileSync(slow, SCRIPT.replace('sleep 0.05', 'sleep 1.2'), { mode: 0o755 });
    const vip = driver(slow);
    await expect(vip.hold(() => until - performance.now())).rejects.toMatchObject({ code: 'VIP_LEASE_TOO_SHORT' });
    expect(await vip.held()).toBe(false);
  });

  it('refuses a program that is not there, at start', () => {
    expect(() => driver('/nowhere/vip')).toThrow('cannot run /nowhere/vip');
    expect(() => driver('vip.sh')).toThrow('an absolute path');
  });
});
