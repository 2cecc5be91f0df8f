import { describe, expect, it } from 'vitest';
import { archivesOf, parseInfo } from './info.js';

/** As the program writes it: the words of an error as they are. */
const told = (message: string): string => `[{"backup":[],"repo":[{"status":{"code":99,"message":"[${message}"}}]}]`;

describe('what the program tells of a repository', () => {
  it.each([
    [
      'that cannot be decrypted',
      '[CryptoError] unable to flush\n[CryptoError] HINT: is or was the repo encrypted?',
      'BACKUP_PASSPHRASE',
    ],
    [
      'that a wrong passphrase decrypts to something',
      '[FormatError] invalid line \u0001\u0010q\u0085\u007f: \t',
      'BACKUP_PASSPHRASE',
    ],
    ['that does not answer', "[HostConnectError] unable to connect to 's3:443'\n[FileOpenError]", 'BACKUP_AWAY'],
  ])('%s is an error that says so', (_, message, code) =>
    expect(() => parseInfo(told(message))).toThrow(expect.objectContaining({ code })),
  );

  it('in which there is nothing yet is no error', () =>
    expect(parseInfo('[{"backup":[],"repo":[{"status":{"code":1,"message":"missing stanza path"}}]}]')).toEqual([]));

  it('names the archives of one system in the order of its lives: what pg_upgrade made of it is another, and so is one whose number is nearly the same', () => {
    const db = [
      [1, '7438295017263849501', '15'],
      [2, '7438295017263849502', '17'],
      [3, '7438295017263849501', '15'],
    ].map(([id, system, version]) => `{"id":${id},"repo-key":1,"system-id":${system},"version":"${version}"}`);
    const text = `[{"backup":[],"db":[${db}],"repo":[]}]`;
    expect(archivesOf(text, '7438295017263849501')).toEqual(['15-1', '15-3']);
    expect(archivesOf(text, '7438295017263849502')).toEqual(['17-2']);
    expect(archivesOf('[{"backup":[],"repo":[]}]', '7438295017263849501')).toEqual([]);
  });
});
