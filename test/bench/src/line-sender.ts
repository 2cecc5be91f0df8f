import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FloodTarget } from './flood.js';
import { saidAt } from './rules-data.js';

/** Of lines that a rule tells, so many hosts say each of the ten troubles: each pair of host and trouble is an item of its own. */
export const HOSTS = 50;

export interface Lines {
  readonly targets: readonly FloodTarget[];
  readonly perSecond: number;
  readonly seconds: number;
  /** Every so-manieth is told by a rule. */
  readonly hitEvery: number;
  /** Of the first line that a rule tells; what is sent later on the same cluster goes on from there. */
  readonly firstHit: number;
}

export interface SentLines {
  readonly sent: number;
  /** When the line was handed to the kernel, in ms since 1970, by its number. */
  readonly hitAtMs: ReadonlyMap<number, number>;
}

/** Numbered lines that rules tell among those that none tells, over UDP to each target, as real programs write them (RFC 5424). */
export async function sendLines({ targets, perSecond, seconds, hitEvery, firstHit }: Lines): Promise<SentLines> {
  const socket = createSocket('udp4');
  const hitAtMs = new Map<number, number>();
  const total = Math.ceil(perSecond * seconds);
  const beganMs = performance.now();
  let hit = firstHit;
  try {
    for (let at = 0; at < total; ) {
      for (const due = ((performance.now() - beganMs) / 1_000) * perSecond; at < due && at < total; at++) {
        const isHit = at % hitEvery === 0;
        const number = isHit ? hit++ : at;
        const bytes = lineOf(number, isHit);
        if (isHit) hitAtMs.set(number, performance.timeOrigin + performance.now());
        for (const { address, port } of targets) socket.send(bytes, port, address);
      }
      await sleep(2);
    }
  } finally {
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  }
  return { sent: total, hitAtMs };
}

/** The number stands where a process id would: whatever the text is, the rules' patterns find it as it was written. */
function lineOf(number: number, isHit: boolean): Buffer {
  const { app, text } = saidAt(isHit ? Math.floor(number / HOSTS) : number, isHit);
  return Buffer.from(`<${isHit ? 27 : 30}>1 ${new Date().toISOString()} web${number % HOSTS} ${app} n${number} - - ${text}`);
}

/** Of a line as rules see it; null = it is none of ours. */
export function numberIn(text: string): number | null {
  const found = /\[n(\d+)\]:/.exec(text);
  return found === null ? null : Number(found[1]);
}
