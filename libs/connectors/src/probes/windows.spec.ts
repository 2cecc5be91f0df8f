import { describe, expect, it } from 'vitest';
import { createProbes } from './index.js';
import { askOne, PATTERNS, whyOf } from './testing/asking.js';
import { FakeWindows } from './testing/fake-windows.js';
import { fitsWindowsEvent, type WindowsEvent, windowsEventLine } from './windows.js';

describe('a Windows service (against a fake)', () => {
  const windows = new FakeWindows();
  const probes = createProbes({ patterns: PATTERNS, windows });
  it.each([
    ['running', true],
    ['stopped', false],
    ['start-pending', false],
    ['paused', false],
  ] as const)('that is %s: %s', async (state, truth) => {
    windows.services.set('Spooler', state);
    expect(await askOne(probes, 'windows-service', { service: 'Spooler' })).toEqual({ kind: 'truth', truth });
  });
  it('that is not there is a failure', async () =>
    expect(await whyOf(probes, 'windows-service', { service: 'None' })).toBe('there is no service "None" on n1'));
  it('of a host that hangs is waited for so long only', async () => {
    windows.hangs = true;
    expect(await whyOf(probes, 'windows-service', { service: 'Spooler' }, { deadlineMs: 50 })).toBe(
      'the agent of n1: no answer within 50 ms',
    );
  });
});

it('without an agent nobody serves it', () =>
  expect(createProbes({ patterns: PATTERNS }).flatMap(({ types }) => types)).not.toContain('windows-service'));

describe('an entry of the event log', () => {
  const event: WindowsEvent = {
    ...{
      log: 'System',
      source: 'Service Control Manager',
      id: 7_036,
      level: 'warning',
      category: 0,
      keywords: ['Classic'],
      atMs: 0,
    },
    message: 'The Spooler service entered the stopped state.',
  };
  const all = { levels: [], logs: [], sources: [], ids: [], categories: [], keywords: [] };
  it.each([
    [{}, true],
    [{ levels: ['warning'], logs: ['system'], ids: [7_036, 1] }, true],
    [{ sources: ['service control manager'], keywords: ['classic'] }, true],
    [{ levels: ['error'] }, false],
    [{ logs: ['Application'] }, false],
    [{ ids: [7_035] }, false],
    [{ categories: [1] }, false],
    [{ keywords: ['Audit Success'] }, false],
  ] as const)('by %j: %s', (filter, fits) => expect(fitsWindowsEvent({ ...all, ...filter }, event)).toBe(fits));
  it('is a line for the rules', () =>
    expect(windowsEventLine(event)).toBe('warning Service Control Manager 7036: The Spooler service entered the stopped state.'));
});
