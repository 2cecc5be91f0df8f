import type { StatusRow } from '@yosugara/protocol';
import { expect, it } from 'vitest';
import { matrixOf } from './matrix-model.js';

const status = (facility: string, monitor: string, priority: StatusRow['priority']) =>
  ({ facility, monitor, priority, scope: `Web>${facility}`, sender: null }) as unknown as StatusRow;

it('nodes by monitor: of each pair the worst, and the worst node first', () => {
  const { columns, rows } = matrixOf([
    status('web1', 'ping', 'info'),
    status('web2', 'ping', 'info'),
    status('web2', 'disk', 'warning'),
    status('web2', 'disk', 'critical'),
    status('web3', 'ping', 'unknown'),
  ]);
  expect(columns).toEqual(['disk', 'ping']);
  expect(rows.map(({ facility, worst }) => [facility, worst])).toEqual([
    ['web2', 'critical'],
    ['web3', 'unknown'],
    ['web1', 'info'],
  ]);
  expect(rows[0]!.cells.get('disk')).toEqual({ worst: 'critical', count: 2 });
  expect(rows[0]!.name).toBe('Web>web2');
});
