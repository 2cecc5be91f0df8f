import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FenceDeviceConfig } from '@yosugara/protocol';
import { startPowerController } from '@yosugara/testkit';
import { describe } from 'vitest';
import { FenceBench, TARGET } from '../testing/power-bench.js';
import { type PowerRig, powerDeviceCompliance } from '../testing/power-compliance.js';

const there = ['/usr/sbin/fence_ipmilan', '/usr/bin/ipmitool', '/usr/bin/ipmi_sim'].every((path) => existsSync(path));

/** `fence_ipmilan` against a real IPMI 2.0 board in software that switches a simulated host. */
async function open(): Promise<PowerRig> {
  const bench = new FenceBench();
  let on = true;
  let obeys = true;
  let delayMs = 0;
  const board = await startPowerController({
    host: 'host-b',
    power: {
      read: () => on,
      set: async (wanted) => {
        await sleep(delayMs);
        if (obeys) on = wanted;
      },
    },
  });
  const secretFile = (name: string, password: string) => {
    writeFileSync(join(bench.folder, name), `${password}\n`, { mode: 0o600 });
    return { password: join(bench.folder, name) };
  };
  const device: FenceDeviceConfig = {
    name: 'bmc',
    driver: 'agent',
    program: 'fence_ipmilan',
    options: { ...board.options, power_wait: 0 },
    secretFiles: secretFile('password', board.password),
    timeoutMs: 30_000,
    offMs: 5_000,
  };
  return {
    target: TARGET,
    device,
    refused: { ...device, secretFiles: secretFile('wrong', 'not-the-password') },
    secrets: [board.password, 'not-the-password'],
    isOn: () => on,
    offOrders: () => board.log.filter(({ asked }) => asked === 'set power 0').length,
    disobey: () => {
      obeys = false;
    },
    delay: (ms) => {
      delayMs = ms;
    },
    vanish: () => board.kill(),
    port: (levels) => bench.port(levels),
    close: async () => {
      await bench.close();
      await board.close();
    },
  };
}

describe.runIf(there)('with an IPMI board', () => powerDeviceCompliance('agent, fence_ipmilan', open));
