import { setTimeout as sleep } from 'node:timers/promises';
import type { DeviceStatus, PowerDevice } from './device.js';

export interface LevelResult {
  readonly reached: boolean;
  readonly devices: readonly DeviceResult[];
}

export interface DeviceResult {
  readonly device: PowerDevice;
  readonly reached: boolean;
  /** Half a sentence: what it was told, what it said, after how long. */
  readonly says: string;
  readonly tookMs: number;
}

/** A host takes a moment to lose its power, and a device that flaps gets another chance (F17); then what it says counts. */
const READ_BACK_MS = 5_000;
const READ_BACK_PAUSE_MS = 200;

/**
 * Orders every device of one level and reads every one back. All orders come first: of two power supplies, each is `off` only while
 * the other one is, too, so an answer that was read before the last order would say nothing (F12).
 */
export async function switchLevel(devices: readonly PowerDevice[], to: 'off' | 'on', signal: AbortSignal): Promise<LevelResult> {
  const begun = performance.now();
  const orders = await Promise.all(devices.map((device) => device.order(to, signal)));
  const allAccepted = orders.every(({ accepted }) => accepted);
  const results = await Promise.all(
    devices.map(async (device, at): Promise<DeviceResult> => {
      const { accepted, says } = orders[at]!;
      const name = `${device.name} (${device.method})`;
      const took = () => Math.round(performance.now() - begun);
      if (!accepted)
        return { device, reached: false, tookMs: took(), says: `${name} refused “${to}” after ${took()} ms: ${says}` };
      if (!allAccepted) return { device, reached: false, tookMs: took(), says: `${name} took the order: ${says}` };
      const status = await readBack(device, to, signal);
      const tookMs = took();
      if (status.power === to)
        return { device, reached: true, tookMs, says: `${name} said “${says}” and was read back ${to} after ${tookMs} ms` };
      const now = status.power === 'unknown' ? `cannot be read back: ${status.says}` : `is still ${status.power}`;
      return { device, reached: false, tookMs, says: `${name} said “${says}”, but ${now}, after ${tookMs} ms` };
    }),
  );
  return { reached: results.every(({ reached }) => reached), devices: results };
}

async function readBack(device: PowerDevice, wanted: 'off' | 'on', signal: AbortSignal): Promise<DeviceStatus> {
  const until = performance.now() + Math.min(READ_BACK_MS, device.timeoutMs);
  for (;;) {
    // Each look has the device's whole deadline: one cut short by us would say nothing of the device.
    const status = await device.status(signal);
    if (status.power === wanted || signal.aborted || performance.now() + READ_BACK_PAUSE_MS >= until) return status;
    await sleep(READ_BACK_PAUSE_MS);
  }
}
