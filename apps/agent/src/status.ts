import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { AwakeTimer } from '@yosugara/kernel';
import { AgentConfigError } from './errors.js';

export interface StatusSocket {
  close(): void;
}

const ASK_MS = 3_000;
const socketOf = (dataDir: string) => join(dataDir, 'agent.sock');

/** Only whoever may read the folder comes to it. @throws AgentConfigError — another agent has this folder. */
export async function openStatus(dataDir: string, status: () => object): Promise<StatusSocket> {
  const path = socketOf(dataDir);
  const there = await askStatus(dataDir);
  if (there === 'silent')
    throw new AgentConfigError(
      `another agent has the folder ${dataDir}, and stands still: it did not say anything for ${ASK_MS} ms`,
    );
  if (there !== null) throw new AgentConfigError(`another agent runs with the folder ${dataDir}`);
  await rm(path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(`${JSON.stringify(status())}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new AgentConfigError(`${path} cannot be opened: ${error.message}`, error)));
    server.listen(path, resolve);
  });
  return { close: () => void server.close() };
}

/** null = no agent runs there; `silent` = one does, stopped or hung: only a socket whose process has ended refuses. */
export async function askStatus(dataDir: string): Promise<object | 'silent' | null> {
  return await new Promise((resolve) => {
    let text = '';
    let isThere = false;
    const socket = connect(socketOf(dataDir), () => {
      isThere = true;
    });
    const timer = new AwakeTimer(ASK_MS, () => socket.destroy());
    socket.on('data', (chunk) => (text += chunk.toString('utf8')));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      timer.stop();
      resolve(text.endsWith('\n') ? (JSON.parse(text) as object) : isThere ? 'silent' : null);
    });
  });
}
