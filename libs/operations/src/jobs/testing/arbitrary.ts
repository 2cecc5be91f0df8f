import fc from 'fast-check';
import { command, jobnet } from './desk.js';

// biome-ignore lint/suspicious/noExplicitAny: what people write, before the schema fills in the rest.
type Written = any;

const STATUSES = ['normal', 'warning', 'abnormal'] as const;
const end = fc.record({ status: fc.constantFrom(...STATUSES), value: fc.integer({ min: 0, max: 9 }) });

/** What a job may be, before it has a name and stands somewhere. */
interface Draw {
  readonly kind: string;
  readonly facility: string;
  readonly one: boolean;
  readonly queue: boolean;
  readonly hold: boolean;
  readonly skip: boolean;
  readonly retry: number;
  readonly waits: readonly {
    readonly of: number;
    readonly kind: string;
    readonly status: readonly string[];
    readonly value: string;
  }[];
  readonly or: boolean;
  readonly unmatched: { readonly status: string; readonly value: number } | null;
  readonly inner: readonly Draw[];
}

const draw = (kinds: readonly string[], depth: number): fc.Arbitrary<Draw> =>
  fc.record({
    kind: fc.constantFrom(...kinds),
    facility: fc.constantFrom('web1', 'web2', 'webs'),
    ...{ one: fc.boolean(), queue: rarely, hold: rarely, skip: rarely, or: fc.boolean() },
    retry: fc.constantFrom(0, 0, 0, 1, 2),
    waits: fc.array(
      fc.record({
        of: fc.nat(9),
        kind: fc.constantFrom('end-status', 'end-status', 'end-value', 'return-value', 'elapsed', 'time'),
        status: fc.subarray([...STATUSES], { minLength: 1 }),
        value: fc.constantFrom('0', '1', '2:9'),
      }),
      { maxLength: 3 },
    ),
    unmatched: fc.oneof({ weight: 4, arbitrary: end }, { weight: 1, arbitrary: fc.constant(null) }),
    inner: depth === 0 ? fc.constant([]) : fc.array(draw(kinds, depth - 1), { minLength: 1, maxLength: 3 }),
  });
const rarely = fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0);

export const COMMANDS = ['command', 'command', 'command', 'jobnet'] as const;
export const ALL_KINDS = [
  ...COMMANDS,
  ...['file-check', 'approval', 'monitor', 'link-send', 'link-receive', 'file-transfer'],
] as const;

/** Jobs of a unit that has no mistakes: each waits for what stands before it. */
export const jobsOf = (kinds: readonly string[], max = 4): fc.Arbitrary<readonly Written[]> =>
  fc.array(draw(kinds, 2), { minLength: 1, maxLength: max }).map((draws) => {
    let count = 0;
    const write = (each: readonly Draw[]): Written[] => {
      const before: string[] = [];
      return each.map((one) => {
        const id = `j${++count}`;
        const job = written(id, one, before, write);
        before.push(id);
        return job;
      });
    };
    return write(draws);
  });

function written(id: string, one: Draw, before: readonly string[], write: (inner: readonly Draw[]) => Written[]): Written {
  const { facility, queue, hold, skip, retry } = one;
  const conditions = one.waits.flatMap(({ of, kind, status, value }): Written[] => {
    if (kind === 'elapsed') return [{ kind, minutes: of }];
    if (kind === 'time') return [{ kind, at: `01:0${of}` }];
    const job = before[of % Math.max(1, before.length)];
    if (job === undefined) return [];
    return [kind === 'end-status' ? { kind, job, status: [...status] } : { kind, job, operator: 'in', value }];
  });
  const common = {
    ...{ hold, skip: skip ? { status: 'normal', value: 0 } : null, notify: { notifications: ['mail'], begin: 'info' } },
    ...(retry > 0 ? { retry: { attempts: retry } } : {}),
    ...(conditions.length > 0
      ? { wait: { groups: [{ operator: one.or ? 'or' : 'and', conditions }], unmatched: one.unmatched } }
      : {}),
  };
  switch (one.kind) {
    case 'jobnet':
      if (one.inner.length > 0) return jobnet(id, write(one.inner), { ...common, queue: queue ? 'q1' : null });
      return command(id, { ...common, facility });
    case 'file-check':
      return { type: 'file-check', id, ...common, facility, file: { directory: '/in', name: '.*' }, timeoutMinutes: 5 };
    case 'approval':
      return { type: 'approval', id, ...common, role: 'ops', sentence: 'Go on?' };
    case 'monitor':
      return { type: 'monitor', id, ...common, monitor: 'm', facility };
    case 'link-send':
      return { type: 'link-send', id, ...common, messageId: 'm', attempts: 2 };
    case 'link-receive':
      return { type: 'link-receive', id, ...common, messageId: 'm', timeoutMinutes: 5 };
    case 'file-transfer':
      return {
        ...{ type: 'file-transfer', id, ...common, target: { facility, directory: '/to' } },
        source: { facility: 'web1', directory: '/from', name: '.*' },
      };
    default:
      return command(id, { ...common, facility, nodes: one.one ? 'one' : 'all', queue: queue ? 'q1' : null });
  }
}
