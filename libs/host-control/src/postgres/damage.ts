import { open } from 'node:fs/promises';

/** Words of PostgreSQL's that mean: this data directory will never start as a standby, whatever the network does. */
const FATAL: readonly (readonly [RegExp, string])[] = [
  [
    /could not locate (?:a valid|required) checkpoint record|invalid (?:primary )?checkpoint record/i,
    'its last checkpoint is not in its WAL',
  ],
  [/could not find redo location/i, 'the WAL since its last checkpoint is missing'],
  [
    /requested timeline \d+ (?:is not a child of|does not contain)/i,
    'its recovery needs a point that the Master’s history does not contain',
  ],
  [/WAL contains references to invalid pages|invalid page in block/i, 'pages of it are damaged'],
  [/incorrect checksum in control file|database files are incompatible/i, 'its pg_control is damaged'],
  [/could not open file "(?:global|base|pg_xact|pg_multixact|pg_filenode)[^"]*": No such file/i, 'files of it are missing'],
  [
    /could not open directory "pg_|could not find directory "pg_|required (?:file|WAL directory) .* does not exist/i,
    'directories of it are missing',
  ],
  [/backup_label.*invalid data|invalid data in file "backup_label"/i, 'its backup label is damaged'],
];

/** Words that mean: it runs, and will wait for ever. A slot that was lost is none: the Master makes it anew. */
const GONE = /requested WAL segment [0-9A-F]+ has already been removed/;
const STREAMS = 'started streaming WAL from primary';

const TAIL_BYTES = 16_384;

export interface LogPlace {
  readonly file: string;
  readonly from: number;
}

/** Where the log ends now: what is said later belongs to the server that is started next. */
export async function endOfLog(file: string): Promise<LogPlace> {
  return { file, from: await sizeOf(file) };
}

/** Why this server will never start, from its own last words; null: nothing of that kind. */
export async function damageIn(place: LogPlace): Promise<string | null> {
  const text = await said(place);
  for (const [words, why] of FATAL) {
    const line = text.split('\n').find((one) => /(?:PANIC|FATAL):/.test(one) && words.test(one));
    if (line !== undefined) return `${why} (${line.replace(/^.*?(PANIC|FATAL):\s*/, '').slice(0, 160)})`;
  }
  return null;
}

/** Why this server, though it runs, will never catch up; null: nothing of that kind. */
export async function waitsInVain(place: LogPlace): Promise<string | null> {
  const text = await said(place);
  // What it said before it streamed again was not for ever.
  const found = GONE.exec(text.slice(Math.max(0, text.lastIndexOf(STREAMS))));
  return found === null ? null : `the Master no longer has the WAL that it needs (${found[0]})`;
}

async function said({ file, from }: LogPlace): Promise<string> {
  const size = await sizeOf(file);
  const start = Math.max(from, size - TAIL_BYTES);
  if (size <= start) return '';
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(size - start);
    await handle.read(buffer, 0, buffer.length, start);
    return buffer.toString('utf8');
  } finally {
    await handle.close();
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    const handle = await open(file, 'r');
    try {
      return (await handle.stat()).size;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
