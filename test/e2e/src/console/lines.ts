import { createSocket } from 'node:dgram';
import type { twoReceivers } from '../../../../apps/receiver/src/testing/two-receivers.js';

export type TwoReceivers = Awaited<ReturnType<typeof twoReceivers>>;

/** From one address of the lab, the same to both receivers. */
export async function sendLines({ address, ports }: TwoReceivers, lines: readonly string[]): Promise<void> {
  const socket = createSocket('udp4');
  try {
    await new Promise<void>((resolve) => socket.bind(0, address.sender, resolve));
    for (const line of lines)
      for (const to of [address.a, address.b])
        await new Promise<void>((resolve, reject) =>
          socket.send(`<11>${line}`, ports.syslog, to, (error) => (error === null ? resolve() : reject(error))),
        );
  } finally {
    socket.close();
  }
}
