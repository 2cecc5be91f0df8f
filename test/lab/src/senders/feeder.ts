import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { messageText } from '../client/plan.js';
import { monotonicMs } from '../host/shell.js';
import { type FeederPlan, type FeederProgress, type Notification, streamTag } from './plan.js';

/** The process that feeds the real senders, in their network namespace, until the lab says quiet. */

const TICK_MS = 10;
const LINE_ENDS_MS = 3_000;
/** Informs that nobody answers try for 11 s, after they looked for the engine for as long. */
const PROGRAMS_END_MS = 25_000;
const plan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as FeederPlan;
const sent: Record<string, number> = {};
const trouble: Record<string, string> = {};
const beganMs = monotonicMs();
let running = 0;
/** INFORMs of each stream that no node has answered yet, with how many of their programs still try. */
const unanswered: Record<string, Map<number, number>> = {};
/** net-snmp's programs write their engine's state into one file, unlocked, and lose it: each that runs has a folder of its own. */
const folders: string[] = [];
let folderCount = 0;

/** Microseconds, as an application's logger says them: no two lines are alike. */
function stampNow(number: number): string {
  return new Date().toISOString().replace('Z', `${String(number % 1_000).padStart(3, '0')}+00:00`);
}

/** Lines of one stream into one sender's input; what it does not take now waits, and is not yet sent. */
class LineFeed {
  readonly #feed: FeederPlan['lines'][number];
  #socket: Socket | null = null;
  #isOpen = false;
  #isFull = false;

  constructor(feed: FeederPlan['lines'][number]) {
    this.#feed = feed;
    sent[feed.stream] = 0;
    this.#dial();
  }

  #dial(): void {
    const socket = connect({ host: '127.0.0.1', port: this.#feed.port });
    this.#socket = socket;
    socket.on('connect', () => (this.#isOpen = true));
    socket.on('drain', () => (this.#isFull = false));
    socket.on('error', (error) => (trouble[this.#feed.stream] = error.message));
    socket.on('close', () => {
      // Before the first line the sender may still be starting; afterwards it must not go away.
      if (this.#isOpen) trouble[this.#feed.stream] = 'the sender closed its input';
      else setTimeout(() => this.#dial(), 50);
    });
  }

  send(): void {
    const { stream, perSecond } = this.#feed;
    const due = Math.floor(((monotonicMs() - beganMs) * perSecond) / 1000);
    const tag = streamTag(plan.runTag, stream);
    let lines = '';
    for (let number = (sent[stream] ?? 0) + 1; number <= due && this.#isOpen && !this.#isFull; number++) {
      lines += `<134>1 ${stampNow(number)} labsender lab - - - ${messageText(tag, number)}\n`;
      sent[stream] = number;
    }
    if (lines !== '') this.#isFull = this.#socket?.write(lines) === false;
  }

  end(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#socket?.end(() => resolve()) ?? resolve());
    return Promise.race([ended, new Promise<void>((resolve) => setTimeout(resolve, LINE_ENDS_MS))]);
  }
}

function run(command: readonly string[], stream: string, ended: (isDone: boolean) => void): void {
  const [program = '', ...args] = command;
  const folder = folders.pop() ?? join(plan.env['SNMP_PERSISTENT_DIR'] ?? '', String(++folderCount));
  const env = { ...process.env, ...plan.env, SNMP_PERSISTENT_DIR: folder };
  running++;
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
  child.stderr.on('data', (data: Buffer) => (trouble[stream] = data.toString().trim().slice(0, 200)));
  child.on('error', (error) => (trouble[stream] = error.message));
  child.on('close', (code) => {
    running--;
    folders.push(folder);
    ended(code === 0);
  });
}

function notify({ stream, perSecond, commands, acknowledged }: Notification): void {
  const open = (unanswered[stream] ??= new Map());
  const due = Math.floor(((monotonicMs() - beganMs) * perSecond) / 1000);
  for (let number = (sent[stream] ?? 0) + 1; number <= due; number++) {
    sent[stream] = number;
    const values: Record<string, string> = {
      '{uptime}': String(Math.floor(monotonicMs() / 10)),
      '{engineTime}': String(Math.floor(monotonicMs() / 1000)),
      '{text}': messageText(streamTag(plan.runTag, stream), number),
    };
    if (acknowledged) open.set(number, commands.length);
    for (const command of commands)
      run(
        command.map((arg) => arg.replace(/\{\w+\}/g, (name) => values[name] ?? name)),
        stream,
        (isDone) => {
          const left = open.get(number);
          // One answer is enough: it says that both nodes have it.
          if (isDone) open.delete(number);
          else if (left !== undefined) open.set(number, left - 1);
        },
      );
  }
}

/** Nobody tries any more; at the end also those that still do. */
const givenUp = (isEnd: boolean): FeederProgress['givenUp'] =>
  Object.fromEntries(
    Object.entries(unanswered).map(([stream, open]) => [
      stream,
      [...open].filter(([, left]) => left === 0 || isEnd).map(([number]) => number),
    ]),
  );

const feeds = plan.lines.map((feed) => new LineFeed(feed));
const timer = setInterval(() => {
  for (const feed of feeds) feed.send();
  for (const each of plan.notifications) notify(each);
}, TICK_MS);
const tell = (kind: FeederProgress['kind']) =>
  process.send?.({ kind, sent, givenUp: givenUp(false), trouble } satisfies FeederProgress);
setInterval(() => tell('progress'), 200);

async function finish(): Promise<void> {
  clearInterval(timer);
  await Promise.all(feeds.map((feed) => feed.end()));
  const endMs = monotonicMs() + PROGRAMS_END_MS;
  while (running > 0 && monotonicMs() < endMs) await new Promise((resolve) => setTimeout(resolve, 50));
  process.send?.({ kind: 'done', sent, givenUp: givenUp(true), trouble } satisfies FeederProgress, () => process.exit(0));
}

process.on('message', () => void finish());
// The lab is gone: so are we.
process.on('disconnect', () => process.exit(1));
