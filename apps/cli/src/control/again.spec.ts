import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { JobLinkedSchema } from '@yosugara/protocol';
import { jobsLink } from '@yosugara/protocol/api';
import { afterEach, expect, it, vi } from 'vitest';
import { untilDone } from './again.js';
import { ManagerApi } from './manager-api.js';
import { inside, type Place } from './places.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A manager that answers each request as the next one says, and what keys it saw. */
async function aManager(answers: readonly Answer[]): Promise<{ readonly place: Place; readonly keys: (string | undefined)[] }> {
  const keys: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(keys.length, answers.length - 1)];
    keys.push(request.headers['idempotency-key'] as string | undefined);
    answer?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { place: inside('127.0.0.1', (server.address() as AddressInfo).port, null), keys };
}
const says =
  (status: number, body: object): Answer =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const dies: Answer = (request) => request.socket.destroy();
const NOT_ACTIVE = says(503, { code: 'NOT_ACTIVE', message: 'ask the other one' });
const UNDER_WAY = says(409, { code: 'COMMAND_UNDER_WAY', message: 'ask again' });
const apiOf = (...all: Place[]) => new ManagerApi({ all, nodes: [], name: 'spec' }, null);
const MESSAGE = { id: 'one', messageId: 'done', message: '', priority: 'info', values: {} } as const;

it('a command goes on over a take-over, under one key', async () => {
  const one = await aManager([dies, NOT_ACTIVE]);
  const other = await aManager([NOT_ACTIVE, UNDER_WAY, says(200, { isNew: true })]);
  expect(await apiOf(one.place, other.place).ask(jobsLink(MESSAGE))).toEqual({ isNew: true });
  expect(other.keys).toHaveLength(3);
  expect(new Set([...one.keys, ...other.keys])).toEqual(new Set([other.keys[0]]));
  expect(other.keys[0]).toMatch(/^[0-9a-f-]{36}$/);
});
it('another command has another key, also where it is asked for by its address', async () => {
  const { place, keys } = await aManager([says(200, { isNew: true })]);
  const api = apiOf(place);
  await api.ask(jobsLink(MESSAGE));
  await api.change('POST', '/api/v1/job-links', MESSAGE, JobLinkedSchema, 5_000);
  expect(new Set(keys).size).toBe(2);
});
it('what takes no key has none, and what nobody takes is told at once', async () => {
  const { place, keys } = await aManager([NOT_ACTIVE]);
  await expect(apiOf(place).change('DELETE', '/api/v1/mibs/X', undefined, JobLinkedSchema, 5_000)).rejects.toMatchObject({
    code: 'NO_MANAGER',
  });
  expect(keys).toEqual([undefined]);
  const nobody = inside('127.0.0.1', 1, null);
  // What passes is tried again for half a minute.
  await expect(apiOf(nobody).ask(jobsLink(MESSAGE))).rejects.toMatchObject({ code: 'NO_MANAGER', isPassing: false });
});
it('what the Master says is not there is told at once, whatever a Standby said before', async () => {
  const standby = await aManager([NOT_ACTIVE]);
  const master = await aManager([says(404, { code: 'NOT_FOUND', message: 'there is no unit moon' })]);
  await expect(apiOf(standby.place, master.place).ask(jobsLink(MESSAGE))).rejects.toMatchObject({
    ...{ code: 'NO_MANAGER', isPassing: false },
    cause: { code: 'NOT_FOUND' },
  });
  expect([standby.keys.length, master.keys.length]).toEqual([1, 1]);
});
it('is told when patience ends', async () => {
  const { place, keys } = await aManager([NOT_ACTIVE]);
  const api = apiOf(place);
  const sendOnce = async () => await api.change('DELETE', '/x', undefined, JobLinkedSchema, 5_000);
  // Only what it waits for between two tries takes time; requests and answers are real.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }).setTimerTickMode('nextTimerAsync');
  const asked = untilDone(sendOnce, { patienceMs: 1_500, againMs: 20 }).finally(() => vi.useRealTimers());
  await expect(asked).rejects.toMatchObject({ code: 'NO_MANAGER' });
  expect(keys.length).toBeGreaterThan(1);
});
