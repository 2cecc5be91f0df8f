import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FenceDeviceConfig } from '@yosugara/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FenceBench, TARGET } from '../testing/power-bench.js';

const agents = existsSync('/usr/sbin/fence_ipmilan');

describe('a power device that could never work is refused at start', () => {
  let bench: FenceBench;
  beforeEach(() => {
    bench = new FenceBench();
  });
  afterEach(() => bench.close());
  const device = (change: Partial<FenceDeviceConfig>): FenceDeviceConfig => ({
    name: 'bmc',
    driver: 'agent',
    program: 'fence_ipmilan',
    options: {},
    secretFiles: {},
    timeoutMs: 20_000,
    offMs: 1_000,
    ...change,
  });
  const refusal = async (change: Partial<FenceDeviceConfig>) =>
    await bench.port([[device(change)]]).then(
      () => 'accepted',
      (error: Error) => error.message,
    );

  it('says where it looked for a program, and which package brings it', async () => {
    expect(await refusal({ program: 'fence_nobody' })).toBe(
      'fence device bmc: no program fence_nobody: looked for /usr/sbin/fence_nobody, /usr/local/sbin/fence_nobody, ' +
        '/usr/bin/fence_nobody, /usr/local/bin/fence_nobody; fence agents come with the Debian package fence-agents',
    );
  });

  it.each(['fence_dummy', 'fence_ack_manual', '/usr/local/sbin/fence_ssh'])('%s switches nothing off', async (program) => {
    expect(await refusal({ program })).toContain('does not switch any power off, so it proves nothing');
  });

  it('a command is an absolute path', async () => {
    expect(await refusal({ driver: 'command', program: 'off.sh' })).toContain('an absolute path, not off.sh');
  });

  it.runIf(agents)('an option that the agent does not know', async () => {
    expect(await refusal({ options: { ip: '10.0.0.1', usernam: 'x' } })).toMatch(
      /fence_ipmilan has no option usernam; it knows .*username/,
    );
  });

  it.runIf(agents)('a secret that stands in the configuration, or that cannot be read', async () => {
    expect(await refusal({ options: { password: 'x' } })).toContain('password is a secret: name a file with it in secretFiles');
    expect(await refusal({ secretFiles: { password: 'secrets/bmc' } })).toContain('cannot read the secret file secrets/bmc');
    writeFileSync(join(bench.folder, 'two'), 'one\ntwo\n');
    expect(await refusal({ secretFiles: { password: join(bench.folder, 'two') } })).toContain('must hold one line');
  });

  it.runIf(agents)('an agent whose interpreter fails with exit 2, as python does, is not taken for off', async () => {
    const program = join(bench.folder, 'fence_broken');
    writeFileSync(program, '#!/bin/sh\n[ "$2" = metadata ] && exit 1\necho "cannot open file" >&2\nexit 2\n', { mode: 0o755 });
    const port = await bench.port([[device({ program })]]);
    expect(await port.check(TARGET)).toMatchObject({ healthy: false, says: expect.stringContaining('cannot open file') });
  });
});
