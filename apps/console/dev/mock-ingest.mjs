// What came to both nodes, to one only, or was refused.
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const since = new Date(Date.now() - 9 * HOUR_MS).toISOString();
const range = () => {
  const hour = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const at = (ms) => new Date(ms).toISOString();
  return { from: at(hour - 23 * HOUR_MS), to: at(hour + HOUR_MS), countedSince: at(hour - 200 * HOUR_MS) };
};

const SOURCES = [
  ['192.168.30.7', 48_210, 46_874, 0, {}],
  ['192.168.30.1', 120_544, 120_544, 0, {}],
  ['192.168.30.12', 9_803, 9_803, 0, { a: { rate: 1_204 } }],
  ['192.168.30.40', 2_210, 0, 2_210, {}],
  ['10.20.0.9', 0, 0, 0, { a: { not_allowed: 512 }, b: { not_allowed: 509 } }],
];

export function ingestSources() {
  const sources = SOURCES.map(([source, a, b, unpaired, refused]) => {
    const matched = Math.min(a, b);
    const only = { a: a - matched - unpaired, b: b - matched };
    const compared = matched + only.a + only.b;
    const atReceiver = Object.fromEntries(
      Object.entries(refused).map(([node, reasons]) => [node, { since, received: a, refused: reasons, slowed: 0, cut: 0 }]),
    );
    return {
      ...{ source, received: { a, b }, matched, onlyAt: only, unpaired: { a: unpaired, b: 0 } },
      ...{ oneSided: compared === 0 ? null : (only.a + only.b) / compared, atReceiver },
    };
  });
  return { ...range(), nodes: ['a', 'b'], sources, more: 0 };
}

const receiver = (address, refused, kernelDrops) => {
  const listener = (protocol, port, received, drops = 0) => ({
    ...{
      protocol,
      address,
      port,
      listener: 'own',
      since,
      received,
      refused: {},
      connections: protocol === 'udp' ? 0 : 3,
      kernelDrops: drops,
    },
  });
  return {
    ...{
      since,
      received: 181_204,
      journalBytes: 92_274_688,
      behindPeer: 0,
      peerLink: 'up',
      kernelDrops,
      journalFull: 0,
      journalBacklog: 0,
    },
    ...{ refused, sourcesLeftOut: 0 },
    listeners: [
      listener('udp', 514, 160_120, kernelDrops),
      listener('tcp', 514, 18_334),
      listener('tls', 6514, 0),
      listener('udp', 162, 2_750),
    ],
  };
};

export function ingestSummary() {
  const now = Math.floor(Date.now() / MINUTE_MS);
  const minutes = Array.from({ length: 60 }, (_, index) => {
    const both = 120 + Math.round(60 * Math.sin(index / 5)) + (index % 7) * 9;
    const lost = index > 40 && index < 49 ? 25 : index % 11 === 0 ? 1 : 0;
    const at = new Date((now - 59 + index) * MINUTE_MS).toISOString();
    return { at, received: { a: both + lost, b: both }, onlyAt: { a: lost, b: 0 } };
  });
  return {
    ...range(),
    ...{ answeredBy: 'a', mode: 'active', epoch: 7, behind: 0, minutes },
    total: { received: { a: 180_767, b: 177_221 }, matched: 177_221, onlyAt: { a: 1_336, b: 0 }, unpaired: { a: 2_210, b: 0 } },
    receivers: [
      { node: 'a', state: receiver('10.0.0.1', { rate: 1_204, not_allowed: 512 }, 0) },
      { node: 'b', state: receiver('10.0.0.2', { not_allowed: 509 }, 1_336) },
    ],
  };
}
