import { epoch, SILENT_LOG } from '@yosugara/kernel';
import type { NotificationKind, Result, Told } from '@yosugara/operations';
import { NotificationBodySchema } from '@yosugara/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { CommitUnknownError, StaleEpochError } from '../ingest/ports.js';
import { OutboxLoop, type OutboxOptions, type OutboxPermit } from './outbox-loop.js';
import type { EscalationStep, Notifier, OutboxQuestion, OutboxStore, QueuedEntry, Sent, Settlement } from './outbox-ports.js';
import { afterTryMs } from './outbox-rules.js';
import type { OutboxEntry } from './ports.js';

const clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };
const PERMIT: OutboxPermit = { epoch: epoch(7), leaseUntilMs: Number.POSITIVE_INFINITY };
const loops: OutboxLoop[] = [];
afterEach(async () => {
  for (const loop of loops.splice(0)) await loop.stop();
});
const soon = async (holds: () => boolean) => expect.poll(holds, { interval: 5 }).toBe(true);

const RESULT: Result = {
  ...{ id: 'm/web1///1', trigger: 'monitor', plugin: 'ping', monitor: 'm', facility: 'web1', sender: null, item: '', sub: '' },
  ...{ priority: 'critical', application: '', message: 'no answer', original: '', atMs: 0, notifications: [] },
};
function entry(
  id: string,
  notification = 'mail',
  change: Partial<OutboxEntry> & { result?: Result; kind?: NotificationKind } = {},
): OutboxEntry {
  const { result = { ...RESULT, id }, kind = 'mail', ...rest } = change;
  const told: Told = { id: `${id}/${notification}`, notification, kind, result, why: 'first', before: null };
  return { told, payload: { kind }, dueAtMs: 0, untilMs: Date.now() + 600_000, ...rest };
}

/** The table, in memory; `next` says what happens to the next mark. */
class Memory implements OutboxStore {
  entries: QueuedEntry[] = [];
  settled: Settlement[] = [];
  confirmed = false;
  owner = 7;
  againAtMs: number | null = null;
  questions: OutboxQuestion[] = [];
  next: ('store' | 'refuse' | 'store and lose the answer')[] = [];
  constructor(entries: readonly OutboxEntry[]) {
    this.insert(entries);
  }
  insert(entries: readonly OutboxEntry[]) {
    for (const each of entries) {
      const destination = each.told.kind === 'escalation' ? each.told.id : each.told.notification;
      if (this.entries.some(({ told }) => told.id === each.told.id)) continue;
      this.entries.push({ ...each, destination, attempts: 0, note: null });
    }
  }
  waiting = () => this.entries.filter(({ told }) => !this.settled.some(({ id, kind }) => id === told.id && kind !== 'again'));
  dueOutbox: OutboxStore['dueOutbox'] = async (question, ours) => {
    this.#claim(ours);
    this.questions.push(question);
    const heads = new Map<string, QueuedEntry[]>();
    for (const each of this.waiting()) heads.set(each.destination, [...(heads.get(each.destination) ?? []), each]);
    return [...heads]
      .filter(([destination, [head]]) => !question.except.includes(destination) && head!.dueAtMs <= question.nowMs)
      .slice(0, question.destinations)
      .flatMap(([, all]) => all.slice(0, question.each));
  };
  settleOutbox: OutboxStore['settleOutbox'] = async (settlement, ours) => {
    this.#claim(ours);
    const what = this.next.shift() ?? 'store';
    if (what === 'refuse') throw new Error('the database is away');
    this.settled.push(settlement);
    if (settlement.kind === 'again')
      this.entries = this.entries.map((each) =>
        each.told.id === settlement.id
          ? { ...each, attempts: each.attempts + 1, dueAtMs: this.againAtMs ?? settlement.dueAtMs, note: settlement.note }
          : each,
      );
    if (what !== 'store') throw new CommitUnknownError('lost');
  };
  lookAtEscalation: OutboxStore['lookAtEscalation'] = async () => ({
    ...{ confirmed: this.confirmed, latest: 'critical', wasOver: false },
  });
  stepEscalation = async (id: string, step: EscalationStep) => {
    this.insert(step.insert);
    const { next } = step;
    if (next === null) this.settled.push({ id, kind: 'done', atMs: step.atMs, note: step.why });
    else
      this.entries = this.entries.map((each) =>
        each.told.id === id ? { ...each, dueAtMs: next.dueAtMs, payload: { kind: 'escalation', memory: next.memory } } : each,
      );
  };
  outboxDepth: OutboxStore['outboxDepth'] = async () => ({ waiting: this.waiting().length, oldestAtMs: null, escalations: 0 });
  forgetOutbox: OutboxStore['forgetOutbox'] = async () => 0;
  #claim(ours: number) {
    if (ours < this.owner) throw new StaleEpochError(ours, this.owner);
  }
}

type Answer = (entry: OutboxEntry, signal: AbortSignal) => Promise<Sent> | Sent;

function begin(entries: readonly OutboxEntry[], answer: Answer, change: Partial<OutboxOptions> = {}) {
  const store = new Memory(entries);
  const sent: string[] = [];
  const givenUp: Result[] = [];
  const notifier: Notifier = {
    send: async (each, { signal }) => {
      sent.push(each.told.id);
      return await answer(each, signal);
    },
    deadlineMsOf: () => 60_000,
  };
  const loop = new OutboxLoop({
    ...{ store, notifier, permit: () => PERMIT, clock, log: SILENT_LOG, pollMs: 20 },
    escalations: { setting: () => null, target: () => null, entryOf: () => null },
    onGivenUp: async (result) => void givenUp.push(result),
    ...change,
  });
  loops.push(loop);
  loop.start();
  return { store, sent, givenUp, loop };
}
const accepted: Answer = () => ({ kind: 'accepted' });
const silent: Answer = async (_, signal) =>
  await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
const ids = (store: Memory, kind: Settlement['kind']) => store.settled.filter((each) => each.kind === kind).map(({ id }) => id);

describe('the outbox', () => {
  it('sends each entry once, in the order of its destination', async () => {
    const { store, sent } = begin([entry('1'), entry('2', 'sms'), entry('3'), entry('4')], accepted);
    await soon(() => store.waiting().length === 0);
    expect(sent.filter((id) => id.endsWith('mail'))).toEqual(['1/mail', '3/mail', '4/mail']);
    expect(sent).toHaveLength(4);
  });
  it('holds up what is behind an entry that is to be tried again, and no other destination', async () => {
    const beganMs = Date.now();
    const { store, sent } = begin([], ({ told }) =>
      told.id === '1/mail' ? { kind: 'retry', why: 'busy' } : { kind: 'accepted' },
    );
    // However long this takes here, it is not tried again meanwhile.
    store.againAtMs = beganMs + 600_000;
    store.insert([entry('1'), entry('2'), entry('3', 'sms')]);
    await soon(() => ids(store, 'done').includes('3/sms') && ids(store, 'again').length > 0);
    expect(sent).not.toContain('2/mail');
    expect(store.entries[0]).toMatchObject({ attempts: 1, note: 'busy' });
    const again = store.settled.flatMap((each) => (each.kind === 'again' ? [each.dueAtMs] : []));
    expect(again[0]).toBeGreaterThanOrEqual(beganMs + 1_000);
  });
  it('sends to others while many keep silent: these may have half of the places once they failed', async () => {
    const slow = Array.from({ length: 12 }, (_, at) => entry(`s${at}`, `slow${at}`));
    const notifier: Notifier = {
      send: async ({ told }, { signal }) => (told.notification === 'quick' ? { kind: 'accepted' } : await late(signal)),
      deadlineMsOf: () => 30,
    };
    const { store } = begin([], accepted, { notifier, concurrency: 4 });
    // Always due, and always before the other one.
    store.againAtMs = 0;
    store.insert([...slow, entry('1', 'quick')]);
    await soon(() => ids(store, 'done').includes('1/quick'));
  });
  it('tells of itself how much waits', async () => {
    const { loop } = begin([entry('1')], silent);
    await soon(() => loop.depth?.waiting === 1);
  });
});
const late = async (signal: AbortSignal): Promise<Sent> =>
  await new Promise((resolve) => signal.addEventListener('abort', () => resolve({ kind: 'retry', why: 'late' })));

describe('a try', () => {
  it('is cut off when the other side keeps silent, and by us when the sender does not see to it', async () => {
    const notifier: Notifier = { send: async () => await new Promise(() => undefined), deadlineMsOf: () => 30 };
    const { store } = begin([entry('1')], accepted, { notifier });
    await soon(() => ids(store, 'again').length > 0);
    expect(store.entries[0]?.note).toContain('no answer within 30 ms');
  });
  it('that throws is one to be tried again', async () => {
    const { store } = begin([entry('1')], () => {
      throw new Error('a bug of ours');
    });
    await soon(() => ids(store, 'again').length > 0);
    expect(store.entries[0]?.note).toBe('a bug of ours');
  });
  it('comes later each time, and not later than a minute unless the other side asks for it', () => {
    expect([0, 1, 2, 5, 6, 100].map((attempts) => afterTryMs(attempts))).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
    expect(afterTryMs(0, 120_000)).toBe(120_000);
    expect(afterTryMs(0, 86_400_000)).toBe(600_000);
  });
});

describe('what cannot be told', () => {
  it('is given up at once when it was refused, after an event says so', async () => {
    const { store, givenUp } = begin([entry('1'), entry('2')], ({ told }) =>
      told.id === '1/mail' ? { kind: 'refused', why: 'no such mailbox' } : { kind: 'accepted' },
    );
    await soon(() => store.waiting().length === 0);
    expect(ids(store, 'given up')).toEqual(['1/mail']);
    expect(givenUp).toMatchObject([
      { trigger: 'internal', facility: 'INTERNAL', plugin: 'outbox', item: 'mail', priority: 'warning' },
    ]);
    expect(givenUp[0]?.message).toContain('no such mailbox');
  });
  it('is given up when its time is over, also when nobody could try', async () => {
    const { store, givenUp, sent } = begin([entry('1', 'mail', { untilMs: Date.now() - 1 })], accepted);
    await soon(() => ids(store, 'given up').length === 1);
    expect([sent, givenUp.length]).toEqual([[], 1]);
  });
  it('is not given up before its event is stored', async () => {
    let refusals = 2;
    const onGivenUp = async () => {
      if (refusals-- > 0) throw new Error('the database is away');
    };
    const { store } = begin([entry('1')], () => ({ kind: 'refused', why: 'no' }), { onGivenUp });
    await soon(() => ids(store, 'given up').length === 1);
    expect(refusals).toBe(-1);
  });
  it('makes no event when it was such an event itself: it would go round for ever', async () => {
    const { store, givenUp } = begin([entry('1', 'mail', { result: { ...RESULT, plugin: 'outbox' } })], () => ({
      kind: 'refused',
      why: 'no',
    }));
    await soon(() => ids(store, 'given up').length === 1);
    expect(givenUp).toEqual([]);
  });
});

describe('what was sent', () => {
  it.each(['refuse', 'store and lose the answer'] as const)('is not sent again when its mark is %sd', async (what) => {
    const started = begin([], accepted);
    started.store.next = [what, what, 'store'];
    started.store.insert([entry('1'), entry('2')]);
    started.loop.poke();
    await soon(() => started.store.waiting().length === 0 && started.sent.length === 2);
    expect(started.sent).toEqual(['1/mail', '2/mail']);
  });
  it('is not sent again by this process when the lease was away while it was marked', async () => {
    let permit: OutboxPermit | null = PERMIT;
    const { store, sent } = begin(
      [entry('1')],
      () => {
        permit = null;
        store.next = ['refuse'];
        return { kind: 'accepted' };
      },
      { permit: () => permit },
    );
    await soon(() => sent.length === 1 && store.next.length === 0);
    permit = PERMIT;
    await soon(() => store.waiting().length === 0);
    expect(sent).toEqual(['1/mail']);
  });
});

describe('without a lease', () => {
  it.each<[string, () => OutboxPermit | null]>([
    ['nothing is sent', () => null],
    ['nothing is begun near its end', () => ({ ...PERMIT, leaseUntilMs: performance.now() + 100 })],
  ])('%s', async (_, permit) => {
    let asked = 0;
    const counted = () => {
      asked++;
      return permit();
    };
    const { sent } = begin([entry('1')], accepted, { permit: counted });
    await soon(() => asked > 5);
    expect(sent).toEqual([]);
  });
  it('what was read under another epoch is not sent', async () => {
    let asked = 0;
    const { sent, store } = begin([entry('1')], accepted, { permit: () => ({ ...PERMIT, epoch: epoch(asked++ === 0 ? 7 : 8) }) });
    await soon(() => sent.length === 1);
    expect(store.questions.length).toBeGreaterThan(1);
  });
  it('what is under way is cut off, and not marked', async () => {
    let permit: OutboxPermit | null = PERMIT;
    let aborted = false;
    const { sent, store } = begin(
      [entry('1')],
      async (each, signal) => {
        signal.addEventListener('abort', () => (aborted = true));
        return await silent(each, signal);
      },
      { permit: () => permit },
    );
    await soon(() => sent.length === 1);
    permit = null;
    await soon(() => aborted);
    expect(store.settled).toEqual([]);
  });
  it('a database of a younger owner is told', async () => {
    let stale = 0;
    const { store, sent } = begin([], accepted, { onStale: () => stale++ });
    store.owner = 8;
    store.insert([entry('1')]);
    await soon(() => stale > 0);
    expect(sent).toEqual([]);
  });
  it('what senders keep open is let go of when it stops, after the last try', async () => {
    const order: string[] = [];
    const notifier: Notifier = {
      send: async (_, { signal }) => {
        order.push('begun');
        return await late(signal).finally(() => order.push('over'));
      },
      deadlineMsOf: () => 60_000,
      release: () => void order.push('let go'),
    };
    const { loop } = begin([entry('1')], accepted, { notifier });
    await soon(() => order.length === 1);
    await loop.stop();
    expect(order).toEqual(['begun', 'over', 'let go']);
  });
  // How soon: permitted-loop.spec.ts, where time is simulated.
  it('stops with tries under way that nobody ever answers', async () => {
    const { loop, sent } = begin([entry('1'), entry('2', 'sms')], async () => await new Promise(() => undefined));
    await soon(() => sent.length === 2);
    await loop.stop();
  });
});

describe('an escalation', () => {
  const body = NotificationBodySchema.parse({
    ...{ kind: 'escalation', priorities: { critical: {} } },
    steps: [
      { afterMinutes: 0, notifications: ['chat'] },
      { afterMinutes: 15, notifications: ['mail'] },
    ],
  });
  const chain = entry('1', 'chain', {
    kind: 'escalation',
    payload: { kind: 'escalation', memory: { beganAtMs: Date.now(), next: 0 } },
  });
  const escalations: OutboxOptions['escalations'] = {
    setting: (id) => ({ id, description: '', enabled: true, body }),
    target: () => 'rest',
    entryOf: (told) => ({ told, payload: { kind: 'rest' }, dueAtMs: 0, untilMs: Date.now() + 60_000 }),
  };
  it('tells the step that is due and waits for the next one', async () => {
    const { store, sent } = begin([chain], accepted, { escalations });
    await soon(() => sent.length === 1);
    expect(sent).toEqual(['1/chain/1/chat']);
    expect(store.entries[0]).toMatchObject({ payload: { memory: { next: 1 } } });
    expect(store.entries[0]!.dueAtMs).toBeGreaterThan(Date.now() + 14 * 60_000);
  });
  it('ends when the event is confirmed', async () => {
    const { store, sent } = begin([], accepted, { escalations });
    store.confirmed = true;
    store.insert([chain]);
    await soon(() => store.waiting().length === 0);
    expect([sent, store.settled[0]]).toMatchObject([[], { kind: 'done', note: 'the event was confirmed' }]);
  });
});
