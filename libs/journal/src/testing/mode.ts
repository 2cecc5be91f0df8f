import { createHash } from 'node:crypto';
import { frameAt } from '../frame.js';
import {
  exportJournal as exportOf,
  type JournalEncryption,
  openPeerCopy as openCopy,
  openJournalReader as openReader,
  openReceiverJournal as openReceiver,
  surveyJournals as surveyOf,
} from '../index.js';
import { readSegmentHead } from '../segment.js';

/** Keys of specs, by name; the newest encrypts. */
export function keysOf(...names: readonly string[]) {
  const keys = names.map((name) => createHash('sha256').update(name).digest());
  const ids = keys.map((key) => key.toString('hex').slice(0, 8));
  return {
    ids,
    lookedIn: ['a spec'],
    keyOf: (id: string) => keys[ids.indexOf(id)] ?? null,
    newest: () => ids.at(-1) ?? null,
  };
}
export const encryptedBy = (...names: readonly string[]): JournalEncryption => {
  const { newest, ...keys } = keysOf(...names);
  return { keys, newest };
};

let mode: JournalEncryption | undefined;

/** From now on the specs of this file open everything encrypted (sealed.spec.ts). */
export function encryptAll(): void {
  mode = encryptedBy('the key of all');
}
export const isSealed = (): boolean => mode !== undefined;

export const openReceiverJournal: typeof openReceiver = (options, fs) => openReceiver({ encryption: mode, ...options }, fs);
export const openPeerCopy: typeof openCopy = (options, fs) => openCopy({ encryption: mode, ...options }, fs);
export const openJournalReader: typeof openReader = (dir, keys = mode?.keys, fs) => openReader(dir, keys, fs);
export const surveyJournals: typeof surveyOf = (dir, options) => surveyOf(dir, { keys: mode?.keys, ...options });
export const exportJournal: typeof exportOf = (dir, journalId, range, keys = mode?.keys, fs) =>
  exportOf(dir, journalId, range, keys, fs);

/** Where the frames of records begin and end in a segment's file; where it is encrypted, those of groups. */
export function framesIn(content: Buffer, first = 1): readonly { readonly at: number; readonly end: number }[] {
  const head = readSegmentHead(content, first);
  const found: { at: number; end: number }[] = [];
  for (let at = head?.bytes ?? content.length; at < content.length; ) {
    const frame = frameAt(content, at, head?.salt ?? 0);
    if (frame === 'bad' || 'more' in frame) throw new Error(`no frame at ${at}`);
    if (frame.payload.length > 0) found.push({ at, end: frame.end });
    at = frame.end;
  }
  return found;
}
