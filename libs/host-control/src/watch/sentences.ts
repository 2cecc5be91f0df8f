import type { BadLook, Space, VolumeSetup } from './protocol.js';

type Place = Pick<VolumeSetup, 'name' | 'folder' | 'account'>;

/** What an errno means to the person who reads it at night. */
export function sentenceOf({ name, folder, account }: Place, { code, call, space }: BadLook): string {
  const volume = `the ${name} volume (${folder})`;
  switch (code) {
    case 'EROFS':
      return `${volume} is read-only`;
    case 'ENOSPC':
      return space?.freeInodes === 0 ? `${volume} has no inodes left` : `${volume} is full`;
    case 'EDQUOT':
      return `${volume} has reached its quota`;
    case 'ENOENT':
    case 'ENOTDIR':
      return `${volume} is gone: the folder is not there`;
    case 'EACCES':
    case 'EPERM':
      return `${volume} may not be written by ${account?.name ?? 'this account'} any more (${code} on ${call})`;
    case 'ENOTCONN':
    case 'ESTALE':
    case 'ENODEV':
    case 'ENXIO':
      return `${volume} is detached (${code} on ${call})`;
    default:
      return `${volume} fails: ${code} on ${call}`;
  }
}

export const stallSentence = ({ name, folder }: Place, stallMs: number): string =>
  `the ${name} volume (${folder}) does not answer: a write and fsync of 4 KiB has not ended after ${stallMs / 1000} s`;

export const roomSentence = ({ name, folder }: Place, { freeBytes }: Space): string =>
  `the ${name} volume (${folder}) has no room left: ${Math.round(freeBytes / 1024)} KiB are free`;
