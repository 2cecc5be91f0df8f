import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { RoleNotice } from '@yosugara/protocol';
import { monotonicMs, serveLines } from '@yosugara/receivers';
import { until } from '@yosugara/testkit';
import { expect, it } from 'vitest';
import { endListening } from '../../../libs/receivers/src/testing/ended.js';
import { newest, twoReceivers } from './testing/two-receivers.js';

const { address, ports, closers, configs, start } = await twoReceivers({ third: 87, vip: true });

const holdsVip = (): RoleNotice => ({
  ...{ node: 'a', epoch: 1, mode: 'active', master: 'a', vip: true, syncSet: ['a', 'b'], ingestAlone: false },
  leaseUntilMs: monotonicMs() + 3_600_000,
});
const startHolding = async () => {
  const config = configs();
  const a = await start(config.a);
  const control = await serveLines(join(config.a.stateDir, 'control.sock'), {
    onDocument: (_, connection) => connection.send({ id: 1, event: holdsVip() }),
  });
  closers.push(() => control.close());
  return a;
};
const sayTcp = (to: string, text: string) => {
  const socket = connect(ports.syslog, to, () => socket.end(`${text}\n`));
  socket.on('error', () => undefined);
  closers.push(() => socket.destroy());
};

it('a port of the floating address that another program has keeps none of its other listeners closed, and is named', async () => {
  const other = createSocket('udp4');
  await new Promise<void>((resolve) => other.bind({ address: address.vip, port: ports.trap, exclusive: true }, resolve));
  let isTaken = true;
  const free = async () => {
    if (isTaken) await new Promise<void>((resolve) => other.close(() => resolve()));
    isTaken = false;
  };
  closers.push(free);
  const a = await startHolding();
  await until(() => a.report().listeners?.some(({ listener, protocol }) => listener === 'vip' && protocol === 'tcp') === true);
  sayTcp(address.vip, '<13>by the floating address');
  await until(() => newest(a.watermark(), 'own')?.durableSeq === 1);
  await until(() => a.report().listenersAway?.length === 1);
  expect(a.report()).toMatchObject({
    vipBound: false,
    listenersAway: [
      {
        ...{ protocol: 'udp', address: address.vip, port: ports.trap, listener: 'vip' },
        why: expect.stringContaining('another program does'),
      },
    ],
  });
  await free();
  await until(() => a.report().vipBound);
  expect(a.report().listenersAway).toEqual([]);
});

it.each(['vip', 'a'] as const)('a listener of %s that is gone though nobody closed it is opened again', async (whose) => {
  const a = await startHolding();
  await until(() => a.report().vipBound);
  endListening(address[whose], ports.syslog);
  let isHeard = false;
  const speaking = setInterval(() => sayTcp(address[whose], '<13>heard again'), 500);
  closers.push(() => clearInterval(speaking));
  await until(() => (isHeard ||= (newest(a.watermark(), 'own')?.durableSeq ?? 0) > 0));
  await until(() => a.report().vipBound && a.report().listenersAway?.length === 0);
});
