import { z } from 'zod';

const absolute = z.string().regex(/^\/[^\0\n]*$/, 'an absolute path');
/** Of a configuration file of lines: what would end one, or begin a comment, is none. */
const word = z.string().regex(/^[^\s#;'"\\]{1,255}$/, 'letters, digits and signs without spaces, quotes, # or ;');

const RepositorySchema = z.discriminatedUnion('type', [
  /** A folder of this host: a mounted share, or a disk of its own. Never on the volume of the data. */
  z.strictObject({ type: z.literal('directory'), path: absolute }),
  z.strictObject({
    type: z.literal('s3'),
    bucket: word,
    /** Host, without https://. */
    endpoint: word,
    port: z.int().min(1).max(65535).default(443),
    region: word.default('us-east-1'),
    /** Within the bucket. */
    path: absolute.default('/yosugara'),
    /** path: stores that are no Amazon's. */
    uriStyle: z.enum(['host', 'path']).default('path'),
    /** Files with one line each: the access key's id, and the key. */
    keyIdFile: absolute,
    keyFile: absolute,
    /** PEM of whom to believe; default: whom the system does. */
    caFile: absolute.optional(),
  }),
]);
export type BackupRepository = z.infer<typeof RepositorySchema>;

/** Where base backups and WAL go (docs/backup.md); the same on both nodes. */
export const BackupSchema = z.strictObject({
  repository: RepositorySchema,
  /** With it everything is encrypted before it leaves the host (AES-256); `secrets.backupPassphrase` is where it is. */
  encrypted: z.boolean().default(true),
  /** That many full backups stay, with what builds on them and the WAL between. */
  keepFull: z.int().min(1).max(366).default(4),
  /** An incremental one otherwise. */
  fullEveryDays: z.int().min(1).max(366).default(7),
  compress: z.enum(['none', 'lz4', 'zst', 'gz']).default('zst'),
  /** A segment of WAL that is not full leaves after so long: what a fire of both nodes may cost. */
  walEverySeconds: z.int().min(5).max(3_600).default(60),
  /** While the repository does not answer WAL waits on the disk of the data. More than this is given up: what backups before it can restore ends there. */
  maxWaitingWalMb: z.int().min(64).max(1_048_576).default(4_096),
});
export type BackupConfig = z.infer<typeof BackupSchema>;
