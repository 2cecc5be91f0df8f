import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CLONE } from './local/layout.js';
import { PrivateCluster } from './testing/private-cluster.js';

const PATIENTLY = { timeout: 180_000, interval: 500 };

interface Target {
  readonly expr: string;
  readonly legendFormat: string;
}
interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
}
const BOARD = JSON.parse(readFileSync(join(CLONE, 'docs/grafana/yosugara.json'), 'utf8')) as {
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
};
const targets = BOARD.panels.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })));
/** Only where something was refused (apps/manager/src/ingest/ingest-api.spec.ts sees it): nobody refuses anything here. */
const ELSEWHERE: ReadonlySet<string> = new Set(['yosugara_receiver_refused_total']);
const namesIn = (expr: string) => [...expr.matchAll(/\byosugara_[a-z0-9_]+/g)].map(([name]) => name);

describe('the Grafana dashboard', () => {
  it('has panels that each ask something, have a place of their own, and belong to somebody', () => {
    expect(new Set(BOARD.panels.map(({ id }) => id)).size).toBe(BOARD.panels.length);
    for (const { title, type, targets = [] } of BOARD.panels) expect(targets.length > 0 || type === 'row', title).toBe(true);
    const cells = BOARD.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)}/${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { x, w } of BOARD.panels.map(({ gridPos }) => gridPos)) expect(x + w).toBeLessThanOrEqual(24);
    for (const { expr, title } of targets) expect(namesIn(expr).length, title).toBeGreaterThan(0);
  });
});

/** A cluster of real processes: every metric that is asked for is served, by a manager or a controller. */
describe('what the dashboard asks', () => {
  let cluster: PrivateCluster;
  let ports: Readonly<Record<string, number>>;
  const ADDRESS = { a: '127.0.72.1', b: '127.0.72.2', w: '127.0.72.3' };
  beforeAll(async () => {
    cluster = await PrivateCluster.open(72);
    ({ ports } = parse(readFileSync(join(cluster.stateDir('a'), 'yosugara.yaml'), 'utf8')) as { ports: Record<string, number> });
    await cluster.born('a');
  });
  afterAll(() => cluster?.close());

  const manager = async (node: 'a' | 'b') => {
    const token = readFileSync(join(cluster.stateDir(node), 'secrets/metrics-token'), 'utf8').trim();
    const answer = await fetch(`http://${ADDRESS[node]}:${ports['console']}/metrics`, {
      headers: { authorization: `Bearer ${token}`, connection: 'close' },
      signal: AbortSignal.timeout(20_000),
    });
    expect(answer.status, node).toBe(200);
    return await answer.text();
  };
  const controller = async (node: 'a' | 'b' | 'w') =>
    await (await fetch(`http://${ADDRESS[node]}:${ports['status']}/metrics`, { signal: AbortSignal.timeout(20_000) })).text();
  /** What answers just now: a machine that others share is slow. */
  const all = async () => {
    const asked = [manager('a'), manager('b'), controller('a'), controller('b'), controller('w')];
    return (await Promise.allSettled(asked)).flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  };
  const send = async (text: string, port: number) => {
    const socket = createSocket('udp4');
    for (const address of [ADDRESS.a, ADDRESS.b])
      await new Promise<void>((done, fail) =>
        socket.send(text, port, address, (error) => (error === null ? done() : fail(error))),
      );
    socket.close();
  };

  it('is served, with help and type, by these very names and labels', async () => {
    const texts: string[] = [];
    const asked = [...new Set([...targets, ...BOARD.annotations.list].flatMap(({ expr }) => namesIn(expr)))];
    const missing = async () => {
      await send('<13>Nov 21 10:00:00 host app: a line', ports['syslog']!);
      texts.push(...(await all()));
      const served = new Set(texts.flatMap((text) => text.split('\n').map((line) => /^[a-z_0-9]+/.exec(line)?.[0] ?? '')));
      return asked.filter((name) => !served.has(name) && !ELSEWHERE.has(name));
    };
    // Nothing is wrong with it, so no alarm need be on; a pause is one, and ends the forecast of a take-over.
    await expect.poll(async () => (await missing()).filter((name) => name !== 'yosugara_alarm'), PATIENTLY).toEqual([]);
    expect(await cluster.yosugara('pause', '--minutes', '30', '--why', 'spec')).toMatchObject({ code: 0 });
    await expect.poll(missing, PATIENTLY).toEqual([]);

    const lines = texts.flatMap((text) => text.split('\n'));
    for (const { title, expr, legendFormat } of targets) {
      const [name = ''] = namesIn(expr);
      if (ELSEWHERE.has(name)) continue;
      const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g), ...expr.matchAll(/\b([a-z_]+)="[a-z]+"/g)].map(
        ([, label]) => label!,
      );
      for (const label of labels.filter((each) => each !== 'instance'))
        expect(
          lines.some((line) => line.startsWith(`${name}{`) && line.includes(`${label}="`)),
          `${title}: ${name} by ${label}`,
        ).toBe(true);
    }
    for (const text of texts) {
      const types = [...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)].map(([, name]) => name!);
      expect(new Set(types).size).toBe(types.length);
      for (const line of text.split('\n').filter((each) => each !== '' && !each.startsWith('#'))) {
        const name = /^[a-z_0-9]+/.exec(line)![0].replace(/_(bucket|sum|count)$/, '');
        expect(
          types.some((type) => type === name || line.startsWith(`${type}{`) || line.startsWith(`${type} `)),
          line,
        ).toBe(true);
        expect(text).toContain(`# HELP ${name}`);
      }
    }
  });
});
