import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PAGES } from '../../../../apps/console/src/components/page-list.js';
import { twoReceivers } from '../../../../apps/receiver/src/testing/two-receivers.js';
import { placesFor } from './collected-hours.js';
import { someInventory } from './inventory-data.js';
import { seenIn } from './looks.js';
import { LINES, MIB, SETTINGS } from './looks-data.js';
import { PAGE_LOOKS } from './page-looks.js';
import { consoleStage, hasBrowser, put, type Stage } from './stage.js';

/*
 * Each page as it is with something to show, in both languages, both themes, on a desk and on a telephone: axe finds nothing, and nothing is
 * wider than the screen. `npm run shots -w @yosugara/test-e2e` keeps the pictures.
 */
const ROUTES = new URL('../../../../apps/console/src/app.tsx', import.meta.url);
const receivers = await twoReceivers({ third: 97 });
let stage: Stage;
let page: Page;

const pages: readonly string[] = PAGES.flatMap(([, each]) => each);
const looks = PAGE_LOOKS.filter((each) => each.page === null || pages.includes(each.page));

it('knows each page that the column beside it leads to', () => {
  const seen = new Set(looks.map((each) => each.page));
  expect(pages.filter((each) => !seen.has(each))).toEqual([]);
});
it('knows each address of the console', () => {
  const routes = [...readFileSync(ROUTES, 'utf8').matchAll(/<Route path="(\/[^"]*)"/g)].map(([, path = '']) => path);
  expect(routes).toContain('/repository/node/:id');
  const leadsTo = (path: string) => new RegExp(`^${path.replace(/:\w+/g, '[^/?]+')}(\\?|$)`);
  expect(routes.filter((path) => !looks.some((each) => leadsTo(path).test(each.path)))).toEqual([]);
});

describe.skipIf(!hasBrowser())('each page of the console', { timeout: 600_000 }, () => {
  beforeAll(async () => {
    stage = await consoleStage(receivers);
    await put(stage.a, SETTINGS(receivers.address.sender));
    await stage.say(...LINES);
    // The partition of the day is made by the manager, soon after it began.
    await vi.waitFor(() => fillGraphs(stage), { timeout: 120_000, interval: 100 });
    await fillInventory(stage);
    page = await stage.open('/');
    expect(
      (
        await stage.a.call('POST', '/api/v1/mibs', {
          body: { files: [{ name: 'fan.mib', text: MIB }], by: 'spec' },
          withinMs: 60_000,
        })
      ).status,
    ).toBeLessThan(300);
    await vi.waitFor(
      async () => {
        const { open } = await stage.a.get<{ open: Record<string, number> }>('/api/v1/events/counts');
        expect(open['critical']).toBeGreaterThan(1);
      },
      { timeout: 120_000, interval: 100 },
    );
  }, 600_000);
  afterAll(async () => await stage?.close());

  it.each(looks)('$name', async ({ name, path, ready, open, ways }) => {
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.goto(`${stage.base}${path}`);
    await page.getByTestId(ready).first().waitFor();
    await open?.(page);
    expect(await seenIn(page, name, ways)).toEqual([]);
  });
  it('says nothing that it should not', () => expect(stage.problems).toEqual([]));
});

async function fillInventory({ postgres }: Stage): Promise<void> {
  const pool = new pg.Pool({ host: postgres.host, port: postgres.port, user: 'postgres', database: 'postgres', max: 1 });
  await someInventory(pool, 'web1').finally(() => pool.end());
}

/** Two days of values of a node, as its monitors would have left them. */
async function fillGraphs({ postgres }: Stage): Promise<void> {
  const pool = new pg.Pool({ host: postgres.host, port: postgres.port, user: 'postgres', database: 'postgres', max: 1 });
  try {
    await placesFor(pool, 5);
    for (const [monitor, item, middle] of [
      ['processor', 'Processor use, %', 40],
      ['memory', 'Memory use, %', 70],
      ['ping', 'Round trip, ms', 3],
      // Longer than a telephone is wide.
      ['capacity', 'archive of the database of the second floor, use of the volume, %', 60],
    ] as const)
      await pool.query(
        `with made as (insert into series (key, monitor, facility, item, since)
           values (decode(md5($1 || 'web1'), 'hex'), $1, 'web1', $2, now() - interval '6 hours')
           on conflict (key) do update set since = excluded.since returning id)
         insert into collected (series, at, value)
         select id, now() - make_interval(mins => n), $3 * (1 + 0.4 * sin(n / 40.0) + 0.1 * random()) from made, generate_series(0, 300) n
           on conflict do nothing`,
        [monitor, item, middle],
      );
  } finally {
    await pool.end();
  }
}
