import type { NodeId } from '@yosugara/kernel';
import type { FenceDeviceConfig } from '@yosugara/protocol';
import type { FencePort } from '@yosugara/runtime';
import { afterEach, describe, expect, it } from 'vitest';

/** A simulated host with a real power device before it, for `powerDeviceCompliance`. */
export interface PowerRig {
  readonly target: NodeId;
  readonly device: FenceDeviceConfig;
  /** The same device with credentials that it refuses; null: it has none. */
  readonly refused: FenceDeviceConfig | null;
  readonly secrets: readonly string[];
  isOn(): boolean;
  /** How often it was ordered off. */
  offOrders(): number;
  /** It goes on saying ok, and the host stays as it is. */
  disobey(): void;
  /** Each order takes so long. */
  delay(ms: number): void;
  /** Its own power or network is lost. */
  vanish(): Promise<void>;
  /** Levels of devices of this target, as configured. */
  port(levels: readonly (readonly FenceDeviceConfig[])[]): Promise<FencePort>;
  close(): Promise<void>;
}

/** What every power driver must do with a real device, whatever the device does (F1–F7 of faults.md). */
export function powerDeviceCompliance(name: string, open: () => Promise<PowerRig>): void {
  describe(`power driver ${name}`, () => {
    let rig: PowerRig;
    afterEach(() => rig.close());
    const opened = async (change: Partial<FenceDeviceConfig> = {}): Promise<FencePort> => {
      rig = await open();
      return await rig.port([[{ ...rig.device, ...change }]]);
    };

    it('F1: switches off, and calls it off only after the device was read back', async () => {
      const port = await opened();
      const result = await port.off(rig.target);
      expect(result).toMatchObject({ power: 'off', method: rig.device.driver === 'agent' ? rig.device.program : 'command' });
      expect(rig.isOn()).toBe(false);
      expect(result.evidence).toMatch(/^level 1 of 1: .+ said “.+” and was read back off after \d+ ms$/);
      expect(result.evidence).toContain(rig.device.name);
    });

    it('takes a host that is off already for off, and switches it on again', async () => {
      const port = await opened();
      await port.off(rig.target);
      expect((await port.off(rig.target)).power).toBe('off');
      expect((await port.on(rig.target)).power).toBe('on');
      expect(rig.isOn()).toBe(true);
    });

    it('F4: a device that says ok while the host stays on proves nothing', async () => {
      const port = await opened({ timeoutMs: 2_500 });
      rig.disobey();
      const result = await port.off(rig.target);
      expect(rig.isOn()).toBe(true);
      expect(result.power).toBe('unknown');
    });

    it('F2, F6: a device that answers no more is unknown within its deadline, and unhealthy', async () => {
      const port = await opened({ timeoutMs: 1_500 });
      await rig.vanish();
      const result = await port.off(rig.target);
      expect(result.power).toBe('unknown');
      expect(result.tookMs).toBeLessThan(20_000);
      expect(await port.check(rig.target)).toMatchObject({ healthy: false });
    });

    it('F7: refused credentials leave the host on, are found by the check before they are needed, and are told to nobody', async ({
      skip,
    }) => {
      rig = await open();
      if (rig.refused === null) skip();
      const port = await rig.port([[rig.refused!]]);
      const health = await port.check(rig.target);
      expect(health.healthy).toBe(false);
      const result = await port.off(rig.target);
      expect(result.power).toBe('unknown');
      expect(rig.isOn()).toBe(true);
      for (const secret of rig.secrets) expect(`${health.says}${result.evidence}`).not.toContain(secret);
    });

    it('F5: slow is not failed, as long as it ends within its deadline', async () => {
      const port = await opened();
      rig.delay(400);
      const result = await port.off(rig.target);
      expect(result.power).toBe('off');
      expect(result.tookMs).toBeGreaterThanOrEqual(400);
    });

    it('gives one order at a time: whoever asks meanwhile gets the same answer', async () => {
      const port = await opened();
      const [one, other] = await Promise.all([port.off(rig.target), port.off(rig.target)]);
      expect(other).toBe(one);
      expect(rig.offOrders()).toBe(1);
    });

    it('is healthy while it can be read, on or off, and knows its real time to off after the first', async () => {
      const port = await opened({ offMs: 100 });
      expect(await port.check(rig.target)).toMatchObject({ healthy: true, offMs: 100 });
      const { tookMs } = await port.off(rig.target);
      const health = await port.check(rig.target);
      expect(health).toMatchObject({ healthy: true, target: rig.target });
      expect(health.offMs).toBeGreaterThanOrEqual(Math.min(100, tookMs));
      expect(health.offMs).toBeLessThanOrEqual(Math.max(100, tookMs));
      expect(health.says).toBe(`level 1: ${rig.device.name} reads off`);
      // A restart does not forget it.
      await port.close();
      const next = await rig.port([[{ ...rig.device, offMs: 100 }]]);
      expect((await next.check(rig.target)).offMs).toBe(health.offMs);
    });
  });
}
