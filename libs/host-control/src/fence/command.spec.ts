import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '../os/processes.js';
import { FenceBench, ScriptedDevice, TARGET } from '../testing/power-bench.js';
import { powerDeviceCompliance } from '../testing/power-compliance.js';
import { eventually } from '../testing/testbed.js';

powerDeviceCompliance('command', async () => {
  const bench = new FenceBench();
  const device = new ScriptedDevice(bench.folder, 'plug');
  return {
    target: TARGET,
    device: device.config,
    refused: null,
    secrets: [],
    isOn: () => device.isOn(),
    offOrders: () => device.calls().filter((call) => call === 'off b').length,
    disobey: () => device.behave('lie'),
    delay: (ms) => device.behave(`slow ${ms / 1_000}`),
    vanish: async () => device.vanish(),
    port: (levels) => bench.port(levels),
    close: () => bench.close(),
  };
});

describe('a power device that misbehaves', () => {
  let bench: FenceBench;
  beforeEach(() => {
    bench = new FenceBench();
  });
  afterEach(() => bench.close());
  const scripted = (name = 'plug', change = {}) => new ScriptedDevice(bench.folder, name, change);

  // Of a few tries one comes that far before its deadline.
  it('F2: is killed at its deadline with everything that it started', { retry: 3 }, async () => {
    const device = scripted('plug', { timeoutMs: 2_000 });
    device.behave('hang');
    const port = await bench.port([[device.config]]);
    const result = await port.off(TARGET);
    expect(result).toMatchObject({ power: 'unknown' });
    expect(result.evidence).toContain('no answer within 2000 ms');
    await eventually('its child is gone', () => !isAlive(Number(device.read('sleeper'))));
  });

  it('F3: an error is unknown, with the words that it said', async () => {
    const device = scripted();
    device.behave('refuse');
    const port = await bench.port([[device.config]]);
    const result = await port.off(TARGET);
    expect(result.power).toBe('unknown');
    expect(result.evidence).toMatch(/^level 1 of 1: plug \(command\) refused “off” after \d+ ms: the board refuses$/);
  });

  it('F4: says ok, still on: the sentence tells both', { retry: 3 }, async () => {
    const device = scripted('plug', { timeoutMs: 2_500 });
    device.behave('lie');
    const result = await (await bench.port([[device.config]])).off(TARGET);
    expect(result.evidence).toMatch(/said “ok: off”, but is still on, after \d+ ms$/);
  });

  it('takes words that it does not know for unknown', async () => {
    const device = scripted('plug', { timeoutMs: 2_500 });
    device.behave('garbage');
    const port = await bench.port([[device.config]]);
    expect(await port.off(TARGET)).toMatchObject({ power: 'unknown' });
    expect(await port.check(TARGET)).toMatchObject({ healthy: false });
  });

  it('F17: is asked again while it flaps', async () => {
    const device = scripted();
    device.behave('flap');
    expect(await (await bench.port([[device.config]])).off(TARGET)).toMatchObject({ power: 'off' });
  });

  it('gets its options and secrets on standard input, never in argv or the environment', async () => {
    writeFileSync(join(bench.folder, 'key'), 'h0rse battery\n');
    const device = scripted('plug', { options: { outlet: 3 }, secretFiles: { key: join(bench.folder, 'key') } });
    await (await bench.port([[device.config]])).check(TARGET);
    expect(device.read('input.status').split('\n')).toEqual(['outlet=3', 'key=h0rse battery']);
    expect(device.read('cmdline')).toContain('status b');
    expect(device.read('cmdline') + device.read('environ')).not.toContain('h0rse');
  });

  it('F10: calls an order off when nobody wants it any more, and tells no further device', async () => {
    const [device, next] = [scripted(), scripted('next')];
    device.behave('hang');
    const port = await bench.port([[device.config], [next.config]]);
    const [one, other] = [new AbortController(), new AbortController()];
    const order = port.off(TARGET, { signal: one.signal });
    const joined = port.off(TARGET, { signal: other.signal });
    await eventually('it is asked', () => device.wasAsked());
    one.abort();
    other.abort();
    const result = await order;
    expect(result).toMatchObject({ power: 'unknown' });
    expect(result.evidence).toContain('level 2 was not asked: nobody wants it any more');
    expect(await joined).toBe(result);
    expect(next.wasAsked()).toBe(false);
  });

  it('calls an order off when the controller ends', async () => {
    const device = scripted();
    device.behave('hang');
    const port = await bench.port([[device.config]]);
    const order = port.off(TARGET);
    await eventually('it is asked', () => device.wasAsked());
    await port.close();
    expect(await order).toMatchObject({ power: 'unknown' });
  });
});

describe('levels', () => {
  let bench: FenceBench;
  beforeEach(() => {
    bench = new FenceBench();
  });
  afterEach(() => bench.close());

  it('tries the next level when one fails, and tells of both', async () => {
    const [bmc, plug] = [new ScriptedDevice(bench.folder, 'bmc'), new ScriptedDevice(bench.folder, 'plug')];
    bmc.behave('refuse');
    const port = await bench.port([[bmc.config], [plug.config]]);
    const result = await port.off(TARGET);
    expect(result.power).toBe('off');
    expect(result.evidence).toMatch(/^level 1 of 2: bmc .* refused .*\. level 2 of 2: plug .* was read back off after \d+ ms$/);
  });

  it('leaves the next level alone when one is enough', async () => {
    const [bmc, plug] = [new ScriptedDevice(bench.folder, 'bmc'), new ScriptedDevice(bench.folder, 'plug')];
    await (await bench.port([[bmc.config], [plug.config]])).off(TARGET);
    expect(plug.wasAsked()).toBe(false);
  });

  it('F12: half of a level is nothing: of two power supplies both must be read back off', { retry: 3 }, async () => {
    const [left, right] = [
      new ScriptedDevice(bench.folder, 'left'),
      new ScriptedDevice(bench.folder, 'right', { timeoutMs: 2_500 }),
    ];
    right.behave('lie');
    const port = await bench.port([[left.config, right.config]]);
    const result = await port.off(TARGET);
    expect(left.isOn()).toBe(false);
    expect(result).toMatchObject({ power: 'unknown', method: 'command + command' });
    expect(result.evidence).toContain('right (command) said “ok: off”, but is still on');
    right.behave('obey');
    expect(await port.off(TARGET)).toMatchObject({ power: 'off', method: 'command + command' });
    // What was half off comes back as a whole.
    expect(await port.on(TARGET)).toMatchObject({ power: 'on' });
    expect([left.isOn(), right.isOn()]).toEqual([true, true]);
  });

  it('is healthy while one level is whole, names what is broken, and counts the time that the broken ones cost', async () => {
    const bmc = new ScriptedDevice(bench.folder, 'bmc', { timeoutMs: 5_000 });
    const plug = new ScriptedDevice(bench.folder, 'plug', { offMs: 2_000 });
    const port = await bench.port([[bmc.config], [plug.config]]);
    expect(await port.check(TARGET)).toMatchObject({ healthy: true, offMs: 100 });
    bmc.behave('refuse');
    const health = await port.check(TARGET);
    expect(health).toMatchObject({ healthy: true, offMs: 7_000 });
    expect(health.says).toBe('level 1: bmc (command) cannot be read: the board refuses; level 2: plug reads on');
    plug.behave('refuse');
    expect(await port.check(TARGET)).toMatchObject({ healthy: false });
  });
});
