import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { STATE_LAYOUT } from '@yosugara/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WholeCluster } from '../../../manager/src/jobs/testing/whole-cluster.js';
import { PROBE_TOKEN } from '../../../manager/src/testing/harness.js';
import { initCluster } from '../init/index.js';
import { CommandLine } from '../testing/command-line.js';

/** As it lies in git: comments, an order of its own, nothing that is as it would be anyway. */
const NIGHT = `# The nightly batch of the branches.
kind: job-unit
id: night
description: Nightly batch
body:
  name: Night
  timeZone: Asia/Tokyo
  variables: { BRANCH: "7" }
  jobs:
    - { type: command, id: first, facility: web1, command: "echo #[BRANCH]", queue: narrow }
    - type: jobnet
      id: net
      wait:
        groups:
          - conditions: [{ kind: end-status, job: first, status: [normal] }]
      jobs:
        - type: command
          id: load
          facility: web1
          script: { name: load.sh, content: "#!/bin/sh\\n--- not a document\\necho loaded\\n" }
          command: "sh #[SCRIPT]"
          endStatus: { normal: "0,3:5", warning: "1" }
        - { type: approval, id: ask, role: operator, sentence: May it go on? }
---
kind: job-queue
id: narrow
body: { concurrency: 2, capacity: 50 }
---
kind: job-trigger
id: nightly
body:
  type: schedule
  unit: night
  timeZone: Asia/Tokyo
  schedule: { kind: cron, expression: "30 2 * * mon-fri" }
  late: ask
  premakeHours: 24
---
kind: node
id: web1
body: { name: web1, addresses: [10.0.0.1] }
`;
const JOBS = ['job-unit', 'job-queue', 'job-trigger'].flatMap((kind) => ['--kind', kind]);

const cli = new CommandLine();
const { yosugara } = cli;
let cluster: WholeCluster;
beforeAll(async () => {
  cluster = await WholeCluster.open(97);
});
afterAll(async () => await cluster?.close());
beforeEach(async () => {
  const { hostname, port } = new URL(cluster.url);
  const member = (id: string, address: string) => ({ id, kind: 'data' as const, address, zone: id });
  const members = [member('a', hostname), member('b', '127.0.97.2')];
  const state = join(cli.dir, '.yosugara');
  await initCluster(state, { clusterId: 'test', members, ports: { console: Number(port) }, consoleTls: false });
  for (const id of ['a', 'b']) writeFileSync(join(state, id, STATE_LAYOUT.secrets.postgresApp), PROBE_TOKEN);
});

const file = (name: string, text: string): string => {
  writeFileSync(join(cli.dir, name), text);
  return join(cli.dir, name);
};
/** In the file, from 1. */
const lineOf = (text: string): number => NIGHT.slice(0, NIGHT.indexOf(text)).split('\n').length;
const differences = async (text: string) => {
  expect(await yosugara('diff', '-f', file('changed.yaml', text), '--json')).toBe(0);
  const { counts, changed } = JSON.parse(cli.out);
  return { counts, changed: changed.map(({ kind, id, differences: found }: never) => ({ kind, id, differences: found })) };
};

describe('definitions of jobs in files', () => {
  it('are made so by apply, and then there is no difference, whichever way they come out', async () => {
    const night = file('night.yaml', NIGHT);
    expect(await yosugara('diff', '-f', night)).toBe(0);
    expect(cli.out).toContain('4 would be added, 0 would be changed, 0 would be removed, 0 as before');
    expect(await yosugara('apply', '-f', night)).toBe(0);
    expect(await yosugara('diff', '-f', night)).toBe(0);
    expect(cli.out.trim()).toBe('0 would be added, 0 would be changed, 0 would be removed, 4 as before');
    expect(await yosugara('export', ...JOBS)).toBe(0);
    const exported = file('exported.yaml', cli.out);
    expect(await yosugara('export', ...JOBS, '--json')).toBe(0);
    const json = file('exported.json', cli.out);
    for (const each of [exported, json]) {
      expect(await yosugara('diff', '-f', each)).toBe(0);
      expect(cli.out.trim()).toBe('0 would be added, 0 would be changed, 0 would be removed, 3 as before');
      expect(await yosugara('apply', '-f', each, '--delete-missing', 'job-unit')).toBe(0);
      expect(cli.out.trim()).toBe('0 added, 0 changed, 0 removed, 3 as before');
    }
    // Nobody wrote anything: it is still what was written first.
    expect(await cluster.get<{ revision: number }>('/settings/job-unit/night')).toMatchObject({ revision: 1 });
  });

  it.each([
    ['"sh #[SCRIPT]"', '"bash #[SCRIPT]"', 'job-unit', 'night', 'body.jobs.1.jobs.0.command', 'sh #[SCRIPT]', 'bash #[SCRIPT]'],
    ['normal: "0,3:5"', 'normal: "0,3:6"', 'job-unit', 'night', 'body.jobs.1.jobs.0.endStatus.normal', '0,3:5', '0,3:6'],
    [
      '30 2 * * mon-fri',
      '30 3 * * mon-fri',
      'job-trigger',
      'nightly',
      'body.schedule.expression',
      '30 2 * * mon-fri',
      '30 3 * * mon-fri',
    ],
    ['concurrency: 2', 'concurrency: 3', 'job-queue', 'narrow', 'body.concurrency', 2, 3],
    ['description: Nightly batch', 'description: Batch', 'job-unit', 'night', 'description', 'Nightly batch', 'Batch'],
  ])('a change of %s to %s is named by its place', async (from, to, kind, id, place, before, after) => {
    expect(await yosugara('apply', '-f', file('night.yaml', NIGHT))).toBe(0);
    const found = await differences(NIGHT.replace(from, to));
    expect(found.counts).toEqual({ added: 0, changed: 1, removed: 0, unchanged: 3 });
    expect(found.changed).toEqual([{ kind, id, differences: [{ place, before, after }] }]);
    expect(await yosugara('diff', '-f', file('changed.yaml', NIGHT.replace(from, to)))).toBe(0);
    expect(cli.out).toContain(`~ ${kind} ${id}\n    ${place}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`);
  });

  it.each([
    ['mon-fri"', 'mon-fry"', 'job-trigger nightly: body.schedule.expression'],
    ['job: first, status', 'job: fist, status', 'job-unit night: body.jobs.1.wait'],
    ['concurrency: 2', 'concurrency: many', 'job-queue narrow: body.concurrency'],
    ['id: load', 'id: first', 'job-unit night: body.jobs.1.jobs.0.id'],
  ])('a mistake (%s, %s) is told by file and line, and nothing is changed', async (from, to, place) => {
    expect(await yosugara('apply', '-f', file('night.yaml', NIGHT))).toBe(0);
    const wrong = file('wrong.yaml', NIGHT.replace(from, to).replace('sh #[SCRIPT]', 'never #[SCRIPT]'));
    expect(await yosugara('apply', '-f', wrong)).toBe(2);
    expect(cli.notes).toContain(`${wrong}:${lineOf(place.endsWith('.wait') ? 'groups:' : from)}: ${place}: found `);
    expect(await differences(NIGHT)).toMatchObject({ counts: { changed: 0, unchanged: 4 } });
  });

  it.each([
    ['concurrency: 2, capacity: 50 }', 'concurrency: 2, capacity: 50', 1],
    ['  late: ask', '  late: ask\n late: run', 1],
    ['  premakeHours: 24', '  late: run', 0],
  ])('what is no YAML (%s) is told by file and line', async (from, to, below) => {
    const wrong = file('wrong.yaml', NIGHT.replace(from, to));
    expect(await yosugara('diff', '-f', wrong)).toBe(2);
    expect(cli.notes).toContain(`${wrong}:${lineOf(from) + below}: found `);
    expect(cli.notes).toContain('allowed is YAML');
  });

  it('what YAML would cut off as a comment is not taken', async () => {
    const cut = file('cut.yaml', NIGHT.replace('"sh #[SCRIPT]"', 'sh #[SCRIPT]'));
    expect(await yosugara('apply', '-f', cut)).toBe(2);
    expect(cli.notes).toContain(
      `${cut}:${lineOf('"sh #[SCRIPT]"')}: found "#[SCRIPT] behind a blank, which is a comment in YAML`,
    );
    expect(cli.notes).toContain('quotes around text');
  });

  it('a trigger of a unit that is not there is refused, and a unit that a trigger needs is not removed', async () => {
    const trigger = NIGHT.split('---\n')[2]!.replace('unit: night', 'unit: moon');
    expect(await yosugara('apply', '-f', file('trigger.yaml', trigger))).not.toBe(0);
    expect(cli.notes).toContain('moon');
    expect(await yosugara('apply', '-f', file('night.yaml', NIGHT))).toBe(0);
    const queue = file('queue.yaml', NIGHT.split('---\n')[1]!);
    expect(await yosugara('apply', '-f', queue, '--delete-missing', 'job-unit')).toBe(4);
    expect(cli.notes).toContain('nightly');
  });
});
