import { spawn } from 'node:child_process';
import { loadavg, totalmem } from 'node:os';
import { RESOURCES } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { measure } from './measure.js';

const of = (check: object, type: 'resource' | 'process' = 'resource') => measure({ say: 'measure', id: 7, type, check });

describe('a resource', () => {
  it.each(RESOURCES)('%s has numbers', async (resource) => {
    const { why, values, id } = await of({ resource, device: '' });
    expect([why, id]).toEqual([null, 7]);
    const isOfDevices = /^(filesystem|disk|network)/.test(resource);
    if (!isOfDevices) expect(values.map(({ item }) => item)).toEqual(['']);
    for (const { value } of values) expect(value).toBeGreaterThanOrEqual(0);
    if (/^(memory\.(used|physical|swap|buffers|cache)|cpu\.(used|user|system|nice|iowait)|filesystem)/.test(resource))
      for (const { value } of values) expect(value).toBeLessThanOrEqual(100);
  });
  it('of one device has one value, without a name', async () => {
    const { values } = await of({ resource: 'network.inBytes', device: 'lo' });
    expect(values).toHaveLength(1);
    expect(values[0]!.item).toBe('');
  });
  it('of a device that there is not says which there are', async () =>
    expect(await of({ resource: 'network.inBytes', device: 'nope' })).toMatchObject({
      values: [],
      why: expect.stringContaining('lo'),
    }));
  it('that nobody knows is refused with a sentence', async () =>
    expect(await of({ resource: 'cpu.colour' })).toMatchObject({ values: [], why: expect.stringContaining('cpu.colour') }));
  it('memory.physical is near what the system says', async () => {
    expect(totalmem()).toBeGreaterThan(0);
    const { values } = await of({ resource: 'memory.physical' });
    expect(values[0]!.value).toBeGreaterThan(1);
  });
  it('cpu.load1 is what the system says', async () => {
    // The system counts anew every five seconds: what is read in between is as before or as after.
    const apart = async () => {
      const before = loadavg()[0]!;
      const { values } = await of({ resource: 'cpu.load1' });
      return Math.min(...[before, loadavg()[0]!].map((said) => Math.abs(said - values[0]!.value!)));
    };
    await expect.poll(apart).toBeLessThan(0.02);
  });
});

describe('processes', () => {
  it('are counted by command and arguments', async () => {
    const children = [1, 2].map(() => spawn('sleep', ['54321'], { stdio: 'ignore' }));
    try {
      const count = async (check: object) => (await of(check, 'process')).values[0]!.value;
      expect(await count({ command: 'sleep', arguments: '54321' })).toBe(2);
      expect(await count({ command: '.*/(sleep|coreutils)', arguments: '54321' })).toBe(2);
      expect(await count({ command: 'SLEEP', arguments: '54321', caseSensitive: false })).toBe(2);
      expect(await count({ command: 'SLEEP', arguments: '54321' })).toBe(0);
      expect(await count({ command: 'sleep', arguments: '5432' })).toBe(0);
    } finally {
      for (const child of children) child.kill('SIGKILL');
    }
  });
  it('with a pattern that is none say so', async () =>
    expect((await of({ command: '(' }, 'process')).why).toContain('no pattern'));
});
