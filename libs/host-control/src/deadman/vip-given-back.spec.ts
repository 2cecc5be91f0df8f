import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { epoch } from '@yosugara/kernel';
import { type NodeConfig, NodeConfigSchema } from '@yosugara/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildChildPrograms } from '../testing/build.js';
import { eventually, Testbed } from '../testing/testbed.js';
import { createVipDriver } from '../vip/driver.js';
import { monotonicMs } from './protocol.js';

/** What it sets up stays until it is released, as an address of `IPaddr2` does. */
const SCRIPT = `#!/bin/sh
cd "$(dirname "$0")"
cat > "input of $1"
echo "$1 $YOSUGARA_VIP $YOSUGARA_NODE" >> calls
case "$1" in
  hold) echo $$ > moving; sleep "$(cat takes)"; touch here ;;
  release) [ -e broken ] && { echo "the router does not answer"; exit 5; }; rm -f here ;;
  held) [ -e here ] ;;
esac
`;

let bed: Testbed;
beforeAll(buildChildPrograms);
beforeEach(async () => {
  bed = await Testbed.open();
  writeFileSync(join(bed.root, 'vip'), SCRIPT, { mode: 0o755 });
  writeFileSync(join(bed.root, 'takes'), '0');
});
afterEach(() => bed.close());

function configured(): NodeConfig {
  const config = bed.config('a');
  const vip = { address: '127.0.2.10', driver: 'command', agent: join(bed.root, 'vip'), options: { table: 'rtb-1' } };
  return NodeConfigSchema.parse({ ...config, cluster: { ...config.cluster, vip } });
}
const isThere = (name: string) => existsSync(join(bed.root, name));
const read = (name: string) => readFileSync(join(bed.root, name), 'utf8').trim();
const releases = () =>
  isThere('calls')
    ? read('calls')
        .split('\n')
        .filter((call) => call === 'release 127.0.2.10 a').length
    : 0;
/** Of the dead man's own log: there may be nobody else left to say it. */
const told = () =>
  read('a/state/logs/deadman.log')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a VIP that a program has set up', () => {
  it('is given back by the dead man when the lease ends and the controller does nothing', async () => {
    const config = configured();
    const { deadMan } = await bed.node('a', { config });
    const vip = createVipDriver(config);
    await vip.hold(() => 60_000);
    expect(isThere('here')).toBe(true);
    deadMan.lease(monotonicMs() + 500, epoch(3));
    await eventually('it is gone', () => !isThere('here'));
    expect(releases()).toBe(1);
    expect(read('input of release')).toBe('table=rtb-1');
    await eventually('it is told', () => told().length > 0);
    expect(told()).toMatchObject([{ msg: 'deadman.vip_given_back', node: 'a', how: 'ended with 0' }]);
  });

  it('is given back when the controller dies under its lease', async () => {
    const config = configured();
    const { deadMan } = await bed.node('a', { config });
    await createVipDriver(config).hold(() => 60_000);
    deadMan.lease(monotonicMs() + 60_000, epoch(3));
    await deadMan.close();
    expect([isThere('here'), releases()]).toEqual([false, 1]);
  });

  it('is left alone when the node handed over in order: the controller has released it, and who has it now is another', async () => {
    const config = configured();
    const { deadMan } = await bed.node('a', { config });
    const vip = createVipDriver(config);
    await vip.hold(() => 60_000);
    deadMan.lease(monotonicMs() + 60_000, epoch(3));
    await vip.release();
    deadMan.lease(0, epoch(3));
    await deadMan.close();
    expect(releases()).toBe(1);
  });

  it('is not moved here by a program that was under way when the lease ended', async () => {
    writeFileSync(join(bed.root, 'takes'), '600');
    const config = configured();
    const { deadMan } = await bed.node('a', { config });
    const moving = createVipDriver(config).hold(() => 60_000);
    const ended = expect(moving).rejects.toMatchObject({ code: 'VIP_FAILED' });
    await eventually('it moves', () => isThere('moving'));
    deadMan.lease(monotonicMs() + 100, epoch(3));
    await ended;
    await eventually('it is given back', () => releases() === 1);
    expect([isThere('here'), existsSync(`/proc/${read('moving')}`)]).toEqual([false, false]);
  });

  it('stays, and the log says so, where the program cannot give it back', async () => {
    writeFileSync(join(bed.root, 'broken'), '');
    const { deadMan } = await bed.node('a', { config: configured() });
    deadMan.lease(monotonicMs() + 100, epoch(3));
    await eventually('it is told', () => told().length > 0);
    expect(told()).toMatchObject([{ msg: 'deadman.vip_stays', how: 'ended with 5', says: 'the router does not answer' }]);
  });
});
