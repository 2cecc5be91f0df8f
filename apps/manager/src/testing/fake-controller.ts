import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { ManagerReport, ReceiversAnswer, RoleNotice } from '@yosugara/protocol';
import { hostClock } from '../clock.js';
import { readJsonLines } from '../control/lines.js';

/** As if it were said anew all the time: a spec on a busy machine must not outlive what nobody ended. */
const LEASE_MS = 30 * 60_000;

/** The other end of the control socket, for specs: says what it is told to say, remembers what it hears. */
export class FakeController {
  readonly reports: ManagerReport[] = [];
  readonly commands: Record<string, unknown>[] = [];
  status: unknown = null;
  /** As `receivers` is answered; null: as a controller of an older version does. */
  receivers: ReceiversAnswer | null = null;
  readonly #server: Server;
  readonly #path: string;
  readonly #sockets = new Set<Socket>();
  readonly #watchers = new Set<Socket>();
  #notice: RoleNotice;
  #statusAsked = 0;

  constructor(path: string, node: string) {
    this.#path = path;
    this.#notice = {
      node,
      epoch: 1,
      mode: 'passive',
      leaseUntilMs: 0,
      master: null,
      vip: false,
      syncSet: ['a', 'b'],
      ingestAlone: false,
    };
    this.#server = createServer((socket) => this.#accept(socket));
  }

  async listen(): Promise<void> {
    rmSync(this.#path, { force: true });
    await new Promise<void>((resolve) => this.#server.listen(this.#path, resolve));
  }

  /** A notice with the last one's values but for `change`; the lease begins now. */
  say(change: Partial<RoleNotice>): void {
    this.#notice = { ...this.#notice, leaseUntilMs: hostClock.monotonicMs() + LEASE_MS, ...change };
    for (const socket of this.#watchers) this.#send(socket);
  }

  /** Resolves when whoever looks has been told what `status` is now, and has come back for more. */
  async seen(): Promise<void> {
    const enough = this.#statusAsked + 2;
    while (this.#statusAsked < enough) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  lastReport(): ManagerReport | undefined {
    return this.reports.at(-1);
  }

  /** As if the process had died: the socket goes away with all its connections. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #send(socket: Socket): void {
    socket.write(`${JSON.stringify({ id: 1, event: this.#notice })}\n`);
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#watchers.delete(socket);
    });
    readJsonLines(socket, (document) => this.#answer(socket, document as Record<string, unknown>));
  }

  #answer(socket: Socket, request: Record<string, unknown>): void {
    const reply = (result: unknown) => socket.write(`${JSON.stringify({ id: request['id'], result })}\n`);
    switch (request['method']) {
      case 'watch':
        this.#watchers.add(socket);
        return this.#send(socket);
      case 'report':
        return void this.reports.push(request['report'] as ManagerReport);
      case 'status':
        this.#statusAsked += 1;
        return void reply(this.status);
      case 'receivers':
        if (this.receivers === null)
          return void socket.write(`${JSON.stringify({ id: 0, error: { code: 'INVALID_INPUT', message: '' } })}\n`);
        return void reply(this.receivers);
      default:
        this.commands.push(request);
        return void reply({ ok: true, message: 'under way' });
    }
  }
}

/** A cluster of two nodes and an arbiter as `status` tells it. */
export function aStatus(epoch: number): Record<string, unknown> {
  return {
    ...{ clusterId: 'spec', epoch, phase: 'serving', master: 'a', leader: 'a', term: 1, profile: 'lan', policy: 'available' },
    ...{ stopProofs: ['P1'], answeredBy: 'a', nodes: [], arbiter: null, vip: null, links: [], alarms: [], history: [] },
    ifMasterDied: { failsOver: true, to: 'b', seconds: 9, dataLoss: 0, reason: 'b is in the sync set' },
  };
}
