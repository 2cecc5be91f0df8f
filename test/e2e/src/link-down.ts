import { createSocket } from 'node:dgram';

type Octets = readonly number[];

/** BER with lengths below 128 (X.690 8.1). */
const tagged = (tag: number, ...parts: readonly Octets[]): Octets => {
  const body = parts.flat();
  return [tag, body.length, ...body];
};
const oid = (text: string): Octets => {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return tagged(0x06, [40 * first + second, ...rest.flatMap((arc) => (arc < 128 ? [arc] : [128 | (arc >> 7), arc & 127]))]);
};
const integer = (value: number): Octets => tagged(0x02, value < 128 ? [value] : [value >> 8, value & 255]);

/** linkDown of an interface over SNMP v2c (RFC 3416), to both nodes. @param index below 16 384. */
export async function sendLinkDown(index: number): Promise<void> {
  const varbind = (name: string, value: Octets) => tagged(0x30, oid(name), value);
  const pdu = tagged(
    0xa7,
    ...[integer(index), integer(0), integer(0)],
    tagged(
      0x30,
      varbind('1.3.6.1.2.1.1.3.0', tagged(0x43, [1])),
      varbind('1.3.6.1.6.3.1.1.4.1.0', oid('1.3.6.1.6.3.1.1.5.3')),
      varbind(`1.3.6.1.2.1.2.2.1.8.${index}`, integer(2)),
    ),
  );
  const packet = Uint8Array.from(tagged(0x30, integer(1), tagged(0x04, [...Buffer.from('public')]), pdu));
  const socket = createSocket('udp4');
  try {
    for (const address of ['127.0.1.1', '127.0.1.2'])
      await new Promise<void>((resolve, reject) =>
        socket.send(packet, 1162, address, (error) => (error === null ? resolve() : reject(error))),
      );
  } finally {
    socket.close();
  }
}
