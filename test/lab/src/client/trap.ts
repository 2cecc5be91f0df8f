/** SNMPv2c trap (RFC 3416) with one text, as a device would send it; BER by hand (X.690), lengths up to 64 KiB. */
export function trapDatagram(text: string, number: number, upTimeTicks: number): Buffer {
  const varbinds = [
    varbind([1, 3, 6, 1, 2, 1, 1, 3, 0], tagged(0x43, integer(upTimeTicks))),
    varbind([1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0], tagged(0x06, oid([1, 3, 6, 1, 4, 1, 8072, 2, 3, 0, 1]))),
    varbind([1, 3, 6, 1, 4, 1, 8072, 2, 3, 2, 1, 0], tagged(0x04, Buffer.from(text))),
  ];
  const pdu = tagged(
    0xa7,
    Buffer.concat([
      tagged(0x02, integer(number)),
      tagged(0x02, integer(0)),
      tagged(0x02, integer(0)),
      tagged(0x30, Buffer.concat(varbinds)),
    ]),
  );
  return tagged(0x30, Buffer.concat([tagged(0x02, integer(1)), tagged(0x04, Buffer.from('public')), pdu]));
}

const varbind = (name: readonly number[], value: Buffer) => tagged(0x30, Buffer.concat([tagged(0x06, oid(name)), value]));

function tagged(tag: number, body: Buffer): Buffer {
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

/** Not negative: a leading zero keeps the sign bit clear. */
function integer(value: number): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return (bytes[0] as number) < 128 ? bytes : Buffer.concat([Buffer.from([0]), bytes]);
}

function oid([first = 0, second = 0, ...rest]: readonly number[]): Buffer {
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const parts = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) parts.unshift((left & 0x7f) | 0x80);
    bytes.push(...parts);
  }
  return Buffer.from(bytes);
}
