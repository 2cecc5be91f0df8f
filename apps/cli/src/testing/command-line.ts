import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Status } from '@yosugara/protocol';
import { afterEach, beforeEach } from 'vitest';
import { runProgram } from '../program.js';

export interface Request {
  readonly id: number;
  readonly method: string;
  readonly [key: string]: unknown;
}

/** `undefined`: silence. */
export type Answer = (request: Request) => object | undefined;

/** Shows this status, and accepts whatever else is asked. */
export const shows =
  (status: Status, message = 'accepted'): Answer =>
  ({ method }) =>
    method === 'status' ? { result: status } : { result: { ok: true, message } };

/** `yosugara` in a folder of its own, one a specification, with controllers that answer what the specification says. */
export class CommandLine {
  dir = '';
  /** What the last call wrote. */
  out = '';
  notes = '';
  /** What the controllers were asked besides their status. */
  readonly asked: Request[] = [];
  readonly #servers: Pick<Server, 'close'>[] = [];

  constructor() {
    beforeEach(() => {
      this.dir = mkdtempSync(join(tmpdir(), 'yosu-cli-'));
      this.asked.length = 0;
    });
    afterEach(async () => {
      await Promise.all(this.#servers.splice(0).map((server) => new Promise((done) => server.close(done))));
      rmSync(this.dir, { recursive: true, force: true });
    });
  }

  /** Closed with the specification. */
  keep(server: Pick<Server, 'close'>): void {
    this.#servers.push(server);
  }

  readonly controller = async (node: string, answer: Answer): Promise<void> => {
    mkdirSync(join(this.dir, '.yosugara', node), { recursive: true });
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (line) => {
        const request = JSON.parse(String(line)) as Request;
        if (request.method !== 'status') this.asked.push(request);
        const said = answer(request);
        if (said === undefined) socket.destroy();
        else socket.write(`${JSON.stringify({ id: request.id, ...said })}\n`);
      });
    });
    this.keep(server);
    await new Promise<void>((done) => server.listen(join(this.dir, '.yosugara', node, 'control.sock'), done));
  };

  /** The exit code. */
  readonly yosugara = async (...args: string[]): Promise<number> => {
    this.out = '';
    this.notes = '';
    const terminal = {
      out: (text: string) => {
        this.out += `${text}\n`;
      },
      note: (text: string) => {
        this.notes += text;
      },
      ...{ color: false, live: false, columns: 100 },
    };
    return await runProgram(args, { terminal, env: {}, cwd: this.dir, stop: new AbortController().signal });
  };
}
