import type { RoleNotice } from '@yosugara/protocol';
import { expect, it } from 'vitest';
import { Authority } from './authority.js';

const clock = { monotonicMs: () => 1_000, wallMs: () => 0 };
const active = (epoch: number): RoleNotice => ({
  ...{ node: 'a', epoch, mode: 'active', leaseUntilMs: 5_000, master: 'a', vip: true, syncSet: ['a'], ingestAlone: false },
});

it('takes no epoch that the dead man has proved over, whatever a controller that was frozen says', () => {
  const authority = new Authority(clock, 7);
  authority.take(active(7));
  expect(authority.now()).toMatchObject({ mode: 'passive', vip: false, leaseUntilMs: 0 });
  expect(() => authority.demand('gated')).toThrow();
  authority.take(active(8));
  expect(authority.now()).toMatchObject({ mode: 'active', epoch: 8 });
  authority.close();
});
