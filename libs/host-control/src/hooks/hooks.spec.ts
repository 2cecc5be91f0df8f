import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { epoch, SILENT_LOG } from '@yosugara/kernel';
import { NodeConfigSchema } from '@yosugara/protocol';
import type { HookPort } from '@yosugara/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '../os/processes.js';
import { eventually } from '../testing/testbed.js';
import { createHooks } from './hooks.js';

describe('the operator’s hooks around a promotion', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'yosugara-hooks-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function hooks(script: string | null, timeoutMs = 30_000): HookPort {
    const program = join(folder, 'hook');
    if (script !== null) writeFileSync(program, `#!/bin/sh\ncd ${folder}\n${script}\n`, { mode: 0o755 });
    const member = (id: string, kind: 'data' | 'witness') => ({ id, kind, address: '127.0.2.1', peerId: id });
    const config = NodeConfigSchema.parse({
      cluster: {
        id: 'hook-spec',
        members: [member('a', 'data'), member('b', 'data'), member('w', 'witness')],
        vip: { address: '127.0.2.10', driver: 'bind' },
        hooks: { beforePromotion: { program, timeoutMs }, afterPromotion: { program, timeoutMs } },
      },
      node: 'a',
      stateDir: folder,
    });
    return createHooks(config, SILENT_LOG);
  }

  it('exit 0 lets the promotion go on, with the last line as what it says', async () => {
    expect(await hooks('echo looking; echo route moved').before(epoch(7))).toEqual({ passed: true, says: 'route moved' });
  });

  it('anything else vetoes, and says why', async () => {
    const { passed, says } = await hooks('echo the storage team works here >&2; exit 3').before(epoch(7));
    expect(passed).toBe(false);
    expect(says).toBe(`${folder}/hook ended with 3: the storage team works here`);
  });

  // Of a few tries one has begun its child before its deadline.
  it('no answer in time vetoes, and nothing of it is left', { retry: 3 }, async () => {
    const { passed, says } = await hooks('sleep 600 & echo $! > sleeper; wait', 1_500).before(epoch(7));
    expect(passed).toBe(false);
    expect(says).toBe(`${folder}/hook did not end within 1500 ms`);
    const sleeper = Number(readFileSync(join(folder, 'sleeper'), 'utf8'));
    await eventually('its child is gone', () => !isAlive(sleeper));
  });

  it('called off, it is ended with all that it started, and has not passed', async () => {
    const order = new AbortController();
    const asked = hooks('sleep 600 & echo $! > sleeper; wait; touch moved').after(epoch(7), { signal: order.signal });
    await eventually('it has begun', () => existsSync(join(folder, 'sleeper')));
    const sleeper = await eventually('its child runs', () => Number(readFileSync(join(folder, 'sleeper'), 'utf8')));
    order.abort('its epoch is over');
    expect(await asked).toEqual({ ok: false, says: `${folder}/hook was called off: its epoch is over` });
    await eventually('its child is gone', () => !isAlive(sleeper));
    expect(existsSync(join(folder, 'moved'))).toBe(false);
  });

  it('a program that is not there vetoes', async () => {
    expect((await hooks(null).before(epoch(7))).passed).toBe(false);
  });

  it('gets node, epoch, cluster and VIP, and nothing of ours besides', async () => {
    process.env['YOSUGARA_SPEC_SECRET'] = 'h0rse';
    try {
      expect((await hooks('env > seen').after(epoch(7))).ok).toBe(true);
    } finally {
      delete process.env['YOSUGARA_SPEC_SECRET'];
    }
    const seen = readFileSync(join(folder, 'seen'), 'utf8').split('\n');
    for (const line of ['YOSUGARA_NODE=a', 'YOSUGARA_EPOCH=7', 'YOSUGARA_CLUSTER=hook-spec', 'YOSUGARA_VIP=127.0.2.10'])
      expect(seen).toContain(line);
    expect(seen.join()).not.toContain('h0rse');
  });

  it('what it prints is bounded', async () => {
    const { says } = await hooks('head -c 300000 /dev/zero | tr "\\0" x').before(epoch(7));
    expect(says.length).toBeLessThanOrEqual(200);
  });
});
