import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openReceiverJournal } from '@yosugara/journal';
import { describe, expect, it } from 'vitest';
import { CommandLine } from './testing/command-line.js';

describe('yosugara journal', () => {
  const cli = new CommandLine();
  const { yosugara } = cli;
  const own = () => join(cli.dir, '.yosugara/a/journal/own');

  /** What the receiver of node a took in, its file, and the journal’s id. */
  async function received(...lines: string[]): Promise<{ readonly journalId: string; readonly file: string }> {
    mkdirSync(own(), { recursive: true });
    // A node’s folder is known by its control socket or its configuration.
    writeFileSync(join(cli.dir, '.yosugara/a/control.sock'), '');
    const onFatal = (error: Error) => expect.fail(error.message);
    const journal = await openReceiverJournal({ dir: own(), node: 'a', maxBytes: 1e8, onFatal });
    for (const line of lines) {
      journal.append({
        ...{ receivedAtUs: 1_790_000_000_000_123, monotonicMs: 1, kind: 'syslog', transport: 'udp', flags: 0 },
        ...{ source: { address: '192.0.2.7', port: 514 }, listener: { kind: 'own', address: '127.0.1.1' } },
        raw: Buffer.from(line),
      });
      await journal.flush();
    }
    await journal.close();
    const dir = join(own(), journal.journalId);
    return { journalId: journal.journalId, file: join(dir, readdirSync(dir).find((name) => name.endsWith('.seg'))!) };
  }

  it('verify finds sound journals sound, with code 0', async () => {
    const { journalId } = await received('one', 'two');
    expect(await yosugara('journal', 'verify')).toBe(0);
    expect(cli.out).toMatch(new RegExp(`own +${journalId} +2 .*sound`));
  });

  it('verify names a flipped bit by file, offset and record, with code 1', async () => {
    const { file } = await received('one', 'two', 'three');
    const content = readFileSync(file);
    const at = content.indexOf('two');
    content[at] = content[at]! ^ 1;
    writeFileSync(file, content);
    expect(await yosugara('journal', 'verify')).toBe(1);
    expect(cli.out).toContain('DAMAGED');
    expect(cli.out).toMatch(/\.seg: bad record .* at offset \d+ \(\d+ bytes\), records 2\.\.2/);
    expect(await yosugara('journal', 'verify', '--json')).toBe(1);
    expect(JSON.parse(cli.out)).toMatchObject([{ records: 2, damage: [{ file }] }]);
  });

  it('inspect tells from when to when, and by which ways', async () => {
    const { journalId } = await received('one', 'two');
    expect(await yosugara('journal', 'inspect')).toBe(0);
    expect(cli.out).toMatch(new RegExp(`${journalId} +1\\.\\.2 +2 .*2026-09-21T14:13:20\\.000123Z.*syslog/udp 2`));
  });

  it('export prints the records of a range, with their bytes', async () => {
    const { journalId } = await received('one', 'two\x1b[2J', 'three');
    expect(await yosugara('journal', 'export', journalId, '--from', '2', '--through', '2')).toBe(0);
    expect(JSON.parse(cli.out)).toMatchObject({
      ...{ seq: 2, receivedAt: '2026-09-21T14:13:20.000123Z', transport: 'udp', text: 'two\x1b[2J' },
      raw: Buffer.from('two\x1b[2J').toString('base64'),
    });
    expect(await yosugara('journal', 'export', journalId, '--format', 'text')).toBe(0);
    expect(cli.out).toBe('one\ntwo\\x1b[2J\nthree\n');
  });

  it('export refuses a range that ends before it begins, and a journal that is not here', async () => {
    const { journalId } = await received('one');
    expect(await yosugara('journal', 'export', journalId, '--from', '5', '--through', '2')).toBe(2);
    expect(cli.notes).toContain('at least --from, which is 5');
    expect(await yosugara('journal', 'export', 'b-abc12345-0123456789abcdef')).toBe(1);
    expect(cli.notes).toContain('are not here');
  });
});
