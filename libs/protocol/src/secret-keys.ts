import { z } from 'zod';
import { NodeKeysSchema } from './control.js';

/** `GET /api/v1/secrets`: what secrets in the database are encrypted by, and which node has which keys (docs/secrets.md). */
export const SecretsViewSchema = z
  .object({
    /** Who answers. */
    node: z.string(),
    /** New secrets are encrypted by it; null: they lie in the clear. */
    encryptsBy: z.string().nullable(),
    /** Why not by the newest key of this node, as one sentence; null: it is. Told by the Master. */
    waitsFor: z.string().nullable(),
    /** What is wrong with this node's keys; null: nothing. */
    problem: z.string().nullable(),
    /** Where this node looks for keys. */
    lookedIn: z.array(z.string()),
    /** Keys that something in the database may be encrypted by, the newest last. */
    used: z.array(
      z.object({
        id: z.string(),
        since: z.string(),
        /** Everything was encrypted by it; null: not yet. */
        completeAt: z.string().nullable(),
      }),
    ),
    /** The pass through what was stored before, while it runs. */
    pass: z
      .object({
        table: z.enum(['setting', 'setting_history']),
        looked: z.int(),
        rewritten: z.int(),
        /** Secrets that do not open, since their key is on no node. */
        closed: z.int(),
      })
      .nullable(),
    /** null: not heard, or of an older version. */
    nodes: z.array(z.object({ node: z.string(), keys: NodeKeysSchema.nullable() })),
    /** Of this node's journals. */
    journals: z.enum(['on', 'off']),
  })
  .meta({ id: 'SecretsView' });
export type SecretsView = z.infer<typeof SecretsViewSchema>;

export const SecretsRotatedSchema = z.object({ encryptsBy: z.string() }).meta({ id: 'SecretsRotated' });
