import { setTimeout as sleep } from 'node:timers/promises';
import { AIOSMTPD, Daemons, type MailBox, startSmtp } from '@yosugara/testkit';
import { type Benchmark, type BenchOptions, type Measure, median } from './benchmark.js';
import { lineEstate } from './line-estate.js';
import { numberIn, sendLines } from './line-sender.js';
import { tookMs, untilThere } from './line-to-event.js';
import { percentile } from './open-loop.js';
import { type RowCluster, type SettingDocument, startRowCluster } from './row-cluster.js';

const PER_SECOND = 2_000;
const GOAL_MS = 2_000;
/** Ten mails a second: more than people read. */
const HIT_EVERY = 200;
const LONGER = 10;
const LOOK_MS = 100;

const mailSettings = (port: number): readonly SettingDocument[] => [
  {
    ...{ kind: 'mail-server', id: 'sink' },
    body: { host: '127.0.0.1', port, security: 'smtp', from: 'yosugara@example.org' },
  },
  {
    ...{ kind: 'notification', id: 'mail' },
    body: {
      kind: 'mail',
      renotify: { when: 'always' },
      servers: ['sink'],
      priorities: { critical: { to: ['ops@example.org'] } },
    },
  },
];

/** When the server took each line's mail. */
class Mails {
  readonly atMs = new Map<number, number>();
  readonly #known = new Set<string>();
  readonly #box: MailBox;

  constructor(box: MailBox) {
    this.#box = box;
  }

  look(): void {
    for (const { text, atMs } of this.#box.newMails(this.#known)) {
      const number = numberIn(text);
      if (number === null) throw new Error(`a mail without the number of its line: ${text.slice(0, 500)}`);
      if (this.atMs.has(number)) throw new Error(`two mails of the line ${number}`);
      this.atMs.set(number, atMs);
    }
  }
}

/** Where the time went: to the row of the outbox, and from there until the server had said that it has the mail. */
async function stages({ database }: RowCluster, hitAtMs: ReadonlyMap<number, number>): Promise<string> {
  const { rows } = await database.query<{ message: string; created_ms: string; settled_ms: string }>(
    `select told -> 'result' ->> 'message' as message, extract(epoch from created_at) * 1000 as created_ms,
       extract(epoch from settled_at) * 1000 as settled_ms from outbox where state = 1`,
  );
  const ours = rows.flatMap(({ message, created_ms: created, settled_ms: settled }) => {
    const sentAtMs = hitAtMs.get(numberIn(message) ?? -1);
    return sentAtMs === undefined ? [] : [{ toRow: Number(created) - sentAtMs, toMail: Number(settled) - Number(created) }];
  });
  const of = (stage: 'toRow' | 'toMail') => {
    const took = ours.map((each) => each[stage]).sort((one, other) => one - other);
    return `p50 ${percentile(took, 0.5).toFixed(0)}, p99 ${percentile(took, 0.99).toFixed(0)} ms`;
  };
  return `to the row ${of('toRow')}; from there to the mail ${of('toMail')}`;
}

async function measure(cluster: RowCluster, box: MailBox, { runs, seconds, say }: BenchOptions): Promise<readonly Measure[]> {
  const mails = new Mails(box);
  const found = { p50: [] as number[], p99: [] as number[], max: [] as number[] };
  let [firstHit, where] = [0, ''];
  // The first run warms up.
  for (let run = 0; run <= runs; run++) {
    const { targets } = cluster;
    const sent = await sendLines({ targets, perSecond: PER_SECOND, seconds: seconds * LONGER, hitEvery: HIT_EVERY, firstHit });
    firstHit += sent.hitAtMs.size;
    const looking = setInterval(() => mails.look(), LOOK_MS);
    try {
      await untilThere(sent, mails.atMs, 'line-to-mail');
      // A second mail of a line would come now.
      await sleep(2 * LOOK_MS);
    } finally {
      clearInterval(looking);
    }
    const took = tookMs(sent, mails.atMs);
    const [p50, p99, max] = [percentile(took, 0.5), percentile(took, 0.99), took.at(-1)!];
    say(`line-to-mail: ${took.length} mails, p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, longest ${max.toFixed(0)} ms`);
    where = await stages(cluster, sent.hitAtMs);
    say(`line-to-mail: ${where}`);
    if (run === 0) continue;
    found.p50.push(p50);
    found.p99.push(p99);
    found.max.push(max);
  }
  return (['p50', 'p99', 'max'] as const).map((of) => ({
    ...{ name: `line-to-mail/${of}`, unit: 'ms', ours: median(found[of]), peer: null, peerName: '–', ratio: null },
    ...(of === 'p99' ? { goal: { of: 'ours', is: 'at most', value: GOAL_MS } as const } : {}),
    runs: { ours: found[of], peer: [] },
    note: `of ${PER_SECOND} lines/s to each of two nodes one of ${HIT_EVERY} is a mail, in clear SMTP to aiosmtpd, one after the other; from the call that sends the line until the server has written the mail; 500 rules, all on this machine; ${where}`,
  }));
}

export const LINE_TO_MAIL: Benchmark = {
  name: 'line-to-mail',
  what: 'from the socket to a mail that a real SMTP server has taken, at 2 000 lines a second with 500 rules, two nodes',
  async run(options) {
    if (AIOSMTPD === null) throw new Error("missing: aiosmtpd (Debian's package python3-aiosmtpd)");
    const daemons = new Daemons('bench-mail');
    let cluster: RowCluster | null = null;
    try {
      cluster = await startRowCluster('replicated');
      const box = await startSmtp(daemons);
      await cluster.apply([...mailSettings(box.port), ...lineEstate(['mail'])]);
      return await measure(cluster, box, options);
    } finally {
      await cluster?.stop();
      await daemons.stop();
    }
  },
};
