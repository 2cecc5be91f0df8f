import { z } from 'zod';

/** Of one file of an upload, in characters; the largest published modules have about 1.5 MB. */
export const MAX_MIB_FILE = 4 * 1024 * 1024;
/** Of one upload, with all around it: whoever has more sends several. */
export const MAX_MIB_UPLOAD_BYTES = 12 * 1024 * 1024;
export const MAX_MIB_FILES = 256;
/** Longer names are no names of modules (RFC 2578 3.1: at most 64). */
export const MAX_MIB_NAME = 128;

export const MibProblemSchema = z
  .object({
    /** In the file as uploaded, from 1. */
    line: z.int(),
    severity: z.enum(['error', 'warning']),
    message: z.string(),
  })
  .meta({ id: 'MibProblem' });
export type MibProblemText = z.infer<typeof MibProblemSchema>;

export const MibModuleSchema = z
  .object({
    name: z.string(),
    /** The file that it was uploaded in. */
    file: z.string(),
    bytes: z.int(),
    /** SHA-256 of its text, hexadecimal. */
    digest: z.string(),
    uploadedBy: z.string(),
    uploadedAt: z.string(),
    /**
     * `waiting`: for a module that it imports from and that is not here. `errors`: of other kinds; what was understood of it counts.
     * `compiling`: not looked at yet.
     */
    state: z.enum(['compiling', 'compiled', 'waiting', 'errors']),
    /** What it waits for. */
    missing: z.array(z.string()),
    /** Names that it gives, notifications among them. */
    objects: z.int(),
    notifications: z.int(),
    errors: z.int(),
    warnings: z.int(),
  })
  .meta({ id: 'MibModule' });
export type MibModuleSummary = z.infer<typeof MibModuleSchema>;

/** GET /api/v1/mibs */
export const MibListSchema = z
  .object({
    modules: z.array(MibModuleSchema),
    /** Modules that need no upload. */
    builtIn: z.array(z.string()),
    /** A change is not compiled yet. */
    compiling: z.boolean(),
  })
  .meta({ id: 'MibList' });
export type MibList = z.infer<typeof MibListSchema>;

/** GET /api/v1/mibs/NAME */
export const MibDetailSchema = MibModuleSchema.extend({
  imports: z.array(z.string()),
  importedBy: z.array(z.string()),
  problems: z.array(MibProblemSchema),
  /** At most a thousand. */
  traps: z.array(
    z.object({ oid: z.string(), name: z.string(), objects: z.array(z.string()), description: z.string().nullable() }),
  ),
}).meta({ id: 'MibDetail' });
export type MibDetail = z.infer<typeof MibDetailSchema>;

/** What was done with an upload, POST /api/v1/mibs. */
export const MibUploadedSchema = z
  .object({
    modules: z.array(MibModuleSchema.extend({ problems: z.array(MibProblemSchema) })),
    /** Other modules that waited for one of these and wait no more. */
    completed: z.array(z.string()),
    /** Files without a module, and modules that a later file of the same upload has too: nothing of them is kept. */
    refused: z.array(z.object({ file: z.string(), problems: z.array(MibProblemSchema) })),
    /** false: they are stored, and compiling them takes longer than this answer could wait. */
    compiled: z.boolean(),
  })
  .meta({ id: 'MibUploaded' });
export type MibUploaded = z.infer<typeof MibUploadedSchema>;

/** GET /api/v1/mibs/lookup */
export const MibLookupSchema = z
  .object({
    /** As asked, in numbers. */
    oid: z.string(),
    /** The nearest name above or at it; null = none. */
    node: z
      .object({
        oid: z.string(),
        name: z.string(),
        module: z.string(),
        kind: z.enum(['node', 'object', 'notification', 'trap']),
        type: z
          .object({
            base: z.string(),
            name: z.string(),
            hint: z.string().nullable(),
            labels: z.array(z.object({ label: z.string(), value: z.number() })).nullable(),
          })
          .nullable(),
        objects: z.array(z.string()),
        units: z.string().nullable(),
        description: z.string().nullable(),
      })
      .nullable(),
    /** What follows the node. */
    index: z.string(),
    /** `ifDescr[3]`; the OID when it has no name. */
    called: z.string(),
  })
  .meta({ id: 'MibLookup' });
export type MibLookup = z.infer<typeof MibLookupSchema>;
