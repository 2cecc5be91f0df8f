import type { Status } from '@yosugara/protocol';
import { expect, it } from 'vitest';
import { progressOf } from './recover.js';

const seen = (role: string, master: string | null, syncSet = true) =>
  ({ master, nodes: [{ name: 'a', role, syncSet, why: 'as it is', recover: null }] }) as unknown as Status;

it.each([
  ['follows again', seen('STANDBY_SYNC', 'b'), 'done'],
  ['serves, since nobody else did', seen('MASTER_SOLO', 'a'), 'done'],
  ['is a standby that does not hold everything', seen('STANDBY_CATCHUP', 'b', false), 'running'],
  ['is waited for by `strict`, and still out', seen('STOPPED', 'b'), 'running'],
])('a node is back when it %s', (_, status, state) => expect(progressOf(status, 'a')).toMatchObject({ state }));
