import { describe, expect, it } from 'vitest';
import { beginEscalation, type EscalationLook, type EscalationMemory, escalate, type NotificationKind } from './index.js';
import { notification, toldOf } from './testing/samples.js';

const T0 = 1_763_000_000_000;
const MINUTE_MS = 60_000;
const steps = [
  { afterMinutes: 0, notifications: ['chat'] },
  { afterMinutes: 15, notifications: ['mail', 'sms', 'mail'] },
  { afterMinutes: 30, notifications: ['boss', 'screen', 'gone'] },
];
const setting = notification({ kind: 'escalation', steps }, { id: 'chain' });
const begun = toldOf({ id: 'ping/web1///1000/chain', notification: 'chain', kind: 'escalation' });
const KINDS: Readonly<Record<string, NotificationKind>> = {
  chat: 'rest',
  mail: 'mail',
  sms: 'command',
  boss: 'mail',
  screen: 'event',
};
const look = (afterMinutes: number, change: Partial<EscalationLook> = {}): EscalationLook => ({
  ...{
    nowMs: T0 + afterMinutes * MINUTE_MS,
    confirmed: false,
    latest: 'critical',
    wasOver: false,
    target: (id) => KINDS[id] ?? null,
  },
  ...change,
});
const BEGUN: EscalationMemory = beginEscalation(T0);

describe('an escalation', () => {
  it('tells each step at its time, and whom it names twice once', () => {
    const first = escalate(setting, begun, BEGUN, look(0));
    expect(first).toMatchObject({ memory: { next: 1 }, dueAtMs: T0 + 15 * MINUTE_MS });
    expect(first.told).toMatchObject([
      { id: 'ping/web1///1000/chain/1/chat', notification: 'chat', kind: 'rest', why: 'escalated' },
    ]);
    expect(escalate(setting, begun, first.memory!, look(14.9))).toMatchObject({ told: [], memory: first.memory });
    const second = escalate(setting, begun, first.memory!, look(15));
    expect(second.told.map(({ notification: id }) => id)).toEqual(['mail', 'sms']);
  });
  it('ends after its last step, and leaves out what stays in the cluster and what is gone', () => {
    const last = escalate(setting, begun, { beganAtMs: T0, next: 2 }, look(30));
    expect(last).toMatchObject({ memory: null, dueAtMs: null });
    expect(last.told.map(({ notification: id }) => id)).toEqual(['boss']);
  });
  it('tells all that is due when nobody served for a while, each once', () => {
    const late = escalate(setting, begun, BEGUN, look(16));
    expect(late.told.map(({ id }) => id)).toEqual(
      ['chat', 'mail', 'sms'].map((id, at) => `ping/web1///1000/chain/${at === 0 ? 1 : 2}/${id}`),
    );
    expect(late.memory?.next).toBe(2);
  });
  it.each<[string, Partial<EscalationLook>]>([
    ['the event is confirmed', { confirmed: true }],
    ['the monitor sees another priority', { latest: 'info' }],
    ['the problem was over, and began again', { wasOver: true }],
  ])('ends when %s, before a step that is due', (_, change) =>
    expect(escalate(setting, begun, BEGUN, look(60, change))).toMatchObject({ memory: null, told: [] }),
  );
  it('goes on through another priority when it is told to', () => {
    const on = notification({ kind: 'escalation', steps, endsOnChange: false }, { id: 'chain' });
    expect(escalate(on, begun, BEGUN, look(0, { latest: 'info', wasOver: true })).told).toHaveLength(1);
  });
  it('ends when it is disabled or gone', () => {
    expect(escalate(null, begun, BEGUN, look(60))).toMatchObject({ memory: null, told: [] });
    expect(escalate({ ...setting, enabled: false }, begun, BEGUN, look(60))).toMatchObject({ memory: null, told: [] });
  });
  it('tells the same ids however often a step is taken: a crash in between doubles nothing', () => {
    const once = escalate(setting, begun, BEGUN, look(15)).told.map(({ id }) => id);
    expect(escalate(setting, begun, BEGUN, look(29)).told.map(({ id }) => id)).toEqual(once);
  });
});
