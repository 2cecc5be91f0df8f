import 'reflect-metadata';
import { SILENT_LOG } from '@yosugara/kernel';
import type { MessageRow } from '@yosugara/protocol';
import type { LateBatch } from '@yosugara/store';
import { afterEach, describe, expect, it } from 'vitest';
import { hostClock } from '../clock.js';
import type { Authority } from '../control/authority.js';
import type { ManagerStore } from '../store/ports.js';
import { MessageFeed } from './feed.js';
import { StoredRows } from './stored-rows.js';

const soon = { timeout: 60_000, interval: 20 };
const feeds: MessageFeed[] = [];
afterEach(() => {
  for (const feed of feeds.splice(0)) feed.onApplicationShutdown();
});

/** A Standby's table, and what a page hears of it. */
function standby() {
  let table: MessageRow[] = [];
  const asked: number[] = [];
  const searchMessages: ManagerStore['searchMessages'] = async ({ since, after, limit }) => {
    const found = table.filter((row) => Date.parse(row.receivedAt) >= (since?.getTime() ?? 0));
    const from = after === undefined ? 0 : Number(after);
    asked.push(from);
    return { rows: found.slice(from, from + limit), next: from + limit < found.length ? String(from + limit) : null };
  };
  const authority = { now: () => ({ mode: 'passive' }) } as unknown as Authority;
  const stored = new StoredRows();
  const batches: LateBatch[] = [];
  const late: ManagerStore['late'] = {
    version: async () => batches.length,
    after: async (version, limit) => batches.filter((batch) => batch.version > version).slice(0, limit),
  };
  const feed = new MessageFeed({ searchMessages, late } as ManagerStore, authority, stored, hostClock, SILENT_LOG);
  feeds.push(feed);
  let numbers = 0;
  const add = (count: number, ageMs = 0) => {
    const receivedAt = new Date(Date.now() - ageMs).toISOString();
    const more = Array.from({ length: count }, () => ({ id: `m${++numbers}`, receivedAt }) as MessageRow);
    table = [...more.reverse(), ...table].sort((a, b) => Date.parse(b.receivedAt) - Date.parse(a.receivedAt));
  };
  const heard: string[] = [];
  let leftOut = 0;
  feed.listen((rows, more) => {
    heard.push(...rows.map((row) => row.id));
    leftOut += more;
  });
  return { add, heard, leftOut: () => leftOut, asked, primed: () => expect.poll(() => asked.length, soon).toBeGreaterThan(1) };
}

describe('the live feed of a Standby', () => {
  it('reads on behind a full page until it meets what is known, and tells each row once', async () => {
    const node = standby();
    node.add(10, 20_000);
    await node.primed();
    node.add(2_500);
    await expect.poll(() => node.heard.length, soon).toBe(2_500);
    expect([new Set(node.heard).size, node.leftOut()]).toEqual([2_500, 0]);
  });
  it('finds late rows behind full pages of newer ones', async () => {
    const node = standby();
    await node.primed();
    node.add(2_500);
    await expect.poll(() => node.heard.length, soon).toBe(2_500);
    node.add(3, 40_000);
    await expect.poll(() => node.heard.slice(2_500), soon).toEqual(['m2501', 'm2502', 'm2503']);
  });
  it('says that rows were left out when there are more than it reads at once', async () => {
    const node = standby();
    await node.primed();
    node.add(12_000);
    await expect.poll(() => node.heard.length, soon).toBe(10_000);
    expect(node.leftOut()).toBeGreaterThan(0);
  });
});
