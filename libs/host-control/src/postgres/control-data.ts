import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PostgresFacts, StoppedState } from '@yosugara/failover';
import { type Lsn, lsn, parseLsn, ZERO_LSN } from '@yosugara/kernel';
import { PostgresControlError } from '../errors.js';
import { readIfThere } from '../os/files.js';
import { type Account, run } from '../os/run.js';
import { parseHistory } from './history.js';
import type { Programs } from './programs.js';

/** What pg_control says, read by PostgreSQL's own program. */
export interface ControlData {
  readonly systemId: string;
  readonly state: string;
  readonly checkpointTimeline: number;
  readonly checkpoint: Lsn;
  readonly redo: Lsn;
  readonly minRecovery: Lsn;
  readonly minRecoveryTimeline: number;
}

const CONTROL_DEADLINE_MS = 5_000;
const WALDUMP_DEADLINE_MS = 30_000;

const lastLine = (text: string): string => text.trim().split('\n')[0]?.slice(0, 160) ?? '';

/** @throws PostgresControlError DAMAGED — it cannot be read, or its checksum is wrong. */
export async function readControlData(pgdata: string, programs: Programs, account: Account): Promise<ControlData> {
  const { code, stdout, stderr } = await run(programs.path('pg_controldata'), ['-D', pgdata], {
    account,
    cwd: '/',
    deadlineMs: CONTROL_DEADLINE_MS,
  });
  // It warns of a wrong CRC and prints what it read all the same (pg_controldata.c).
  if (code !== 0 || /CRC checksum does not match|may be corrupt|file is corrupt/i.test(stdout + stderr))
    throw new PostgresControlError('DAMAGED', `pg_control is damaged (${lastLine(stderr) || lastLine(stdout)})`);
  const value = (label: string) => new RegExp(`^${label}:\\s*(.*)$`, 'm').exec(stdout)?.[1] ?? '';
  return {
    systemId: value('Database system identifier'),
    state: value('Database cluster state'),
    checkpointTimeline: Number(value("Latest checkpoint's TimeLineID")),
    checkpoint: parseLsn(value('Latest checkpoint location')),
    redo: parseLsn(value("Latest checkpoint's REDO location")),
    minRecovery: parseLsn(value('Minimum recovery ending location')),
    minRecoveryTimeline: Number(value("Min recovery ending loc's timeline")),
  };
}

export function stoppedState(state: string): StoppedState {
  if (state === 'shut down') return 'clean-primary';
  return state === 'shut down in recovery' || state === 'in archive recovery' ? 'standby' : 'crashed-primary';
}

/** Facts of a data directory that nobody runs on. */
export async function stoppedFacts(
  pgdata: string,
  unfinished: string | null,
  programs: Programs,
  account: Account,
): Promise<PostgresFacts> {
  const control = await readControlData(pgdata, programs, account).catch((error: unknown) => {
    if (error instanceof PostgresControlError && error.code === 'DAMAGED') return error.message;
    throw error;
  });
  if (typeof control === 'string')
    return { kind: 'stopped', state: 'incomplete', timeline: 1, walEnd: ZERO_LSN, systemId: '', damage: control };
  const timeline = await newestTimeline(pgdata, control);
  const walEnd = unfinished !== null ? control.checkpoint : await localWalEnd(pgdata, control, timeline, programs, account);
  return {
    kind: 'stopped',
    state: unfinished !== null ? 'incomplete' : stoppedState(control.state),
    timeline,
    walEnd,
    systemId: control.systemId,
    ...(unfinished === null ? {} : { damage: unfinished }),
  };
}

/** The newest segment has a say: a standby's pg_control learns of a new timeline only at its next restartpoint. */
export async function newestTimeline(pgdata: string, control: ControlData): Promise<number> {
  const ofSegments = (await readdir(join(pgdata, 'pg_wal')))
    .filter((name) => /^[0-9A-F]{24}$/.test(name))
    .map((name) => Number.parseInt(name.slice(0, 8), 16));
  return Math.max(control.checkpointTimeline, control.minRecoveryTimeline, ...ofSegments);
}

/**
 * End of the readable WAL: what recovery would replay up to. pg_waldump reads on until a record is invalid and says where.
 * Falls back to the last position that pg_control vouches for.
 */
async function localWalEnd(
  pgdata: string,
  control: ControlData,
  timeline: number,
  programs: Programs,
  account: Account,
): Promise<Lsn> {
  const vouched = lsn(Math.max(control.minRecovery, control.checkpoint));
  const from = Math.max(control.redo, await switchedTo(pgdata, timeline));
  const [first, last] = await segments(pgdata, timeline);
  const limit = (last + 1) * SEGMENT_BYTES;
  if (from >= limit) return vouched;
  // `-e`: for a segment that is not there pg_waldump would wait 5 s (pg_waldump.c, WALDumpOpenSegment).
  const read = (start: number, ...more: string[]) =>
    run(programs.path('pg_waldump'), ['-p', join(pgdata, 'pg_wal'), '-t', String(timeline), '-s', hexLsn(start), ...more], {
      account,
      cwd: '/',
      deadlineMs: WALDUMP_DEADLINE_MS,
    });
  const { stderr } = await read(Math.max(from, first * SEGMENT_BYTES), '-e', hexLsn(limit), '-q');
  // "error in WAL record at A: invalid record length at B: wanted 24, got 0": A is the last good record, B its end.
  const exact = /invalid record length at ([0-9A-F]+\/[0-9A-F]+)/.exec(stderr)?.[1];
  if (exact !== undefined) return lsn(Math.max(parseLsn(exact), vouched));
  const broken = /error in WAL record at ([0-9A-F]+\/[0-9A-F]+)/.exec(stderr)?.[1];
  const { stdout } =
    broken !== undefined
      ? await read(parseLsn(broken), '-n', '1')
      : await read(Math.max(from, last * SEGMENT_BYTES), '-e', hexLsn(limit));
  return lsn(Math.max(endOfLastRecord(stdout) ?? 0, vouched));
}

/** Of pg_waldump's last line. After a segment switch the next record starts in the next segment. */
function endOfLastRecord(stdout: string): Lsn | null {
  const line = stdout.trim().split('\n').at(-1) ?? '';
  const found = /len \(rec\/tot\):\s*\d+\/\s*(\d+),.*lsn: ([0-9A-F]+\/[0-9A-F]+),/.exec(line);
  if (found === null) return null;
  const start = parseLsn(found[2]!);
  if (/desc: SWITCH/.test(line)) return lsn((Math.floor(start / SEGMENT_BYTES) + 1) * SEGMENT_BYTES);
  return recordEnd(start, Number(found[1]));
}

/** Numbers of the first segment of the unbroken run that ends with the timeline's last one, and of that one. */
async function segments(pgdata: string, timeline: number): Promise<readonly [number, number]> {
  const prefix = historyFile(timeline).slice(0, 8);
  const numbers = (await readdir(join(pgdata, 'pg_wal')))
    .filter((name) => /^[0-9A-F]{24}$/.test(name) && name.startsWith(prefix))
    .map((name) => Number.parseInt(name.slice(8, 16), 16) * (2 ** 32 / SEGMENT_BYTES) + Number.parseInt(name.slice(16), 16))
    .sort((a, b) => b - a);
  const last = numbers[0] ?? -1;
  const run = numbers.findIndex((number, at) => number !== last - at);
  return [run === -1 ? last - numbers.length + 1 : last - run + 1, last];
}

const PAGE_BYTES = 8192;
const SEGMENT_BYTES = 16 * 1024 * 1024;
const PAGE_HEADER = 24;
const SEGMENT_HEADER = 40;

/** Where a record of `length` bytes that starts at `start` ends: page headers lie in between, the end is aligned to 8 (xlog_internal.h). */
export function recordEnd(start: Lsn, length: number): Lsn {
  let at: number = start;
  for (let left = length; left > 0; ) {
    const room = PAGE_BYTES - (at % PAGE_BYTES);
    if (left <= room) {
      at += left;
      break;
    }
    left -= room;
    at += room;
    at += at % SEGMENT_BYTES === 0 ? SEGMENT_HEADER : PAGE_HEADER;
  }
  return lsn(Math.ceil(at / 8) * 8);
}

async function switchedTo(pgdata: string, timeline: number): Promise<number> {
  const history = await readIfThere(join(pgdata, 'pg_wal', historyFile(timeline)));
  return parseHistory(history ?? '').at(-1)?.end ?? 0;
}

export function historyFile(timeline: number): string {
  return `${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`;
}

const hexLsn = (value: number) => `${Math.floor(value / 2 ** 32).toString(16)}/${(value % 2 ** 32).toString(16)}`;
