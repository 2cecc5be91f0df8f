import { z } from 'zod';

/**
 * Levels (docs/decisions/0033-levels-and-steps.md): what the members may say to each other and leave in the log and in the database. The
 * cluster's own is in its record and is raised by `yosugara upgrade finish` alone; each program speaks a range of them.
 */
export const FIRST_LEVEL = 1;

export const LevelsSchema = z.object({ from: z.int(), through: z.int() });
export type Levels = z.infer<typeof LevelsSchema>;

/**
 * Of this program. `through` grows by one with the first release after which anything new goes over the wire, into the log or is
 * taken out of the database; `from` follows one behind, so that versions next to each other always have one in common.
 */
export const SPEAKS: Levels = { from: 1, through: 2 };

/** Whoever says nothing is of before there were levels. */
export const levelsOf = (said: Levels | undefined): Levels => said ?? { from: FIRST_LEVEL, through: FIRST_LEVEL };

export const UpgradeStateSchema = z.object({
  /** Of the cluster. */
  level: z.int(),
  /** The highest that every member speaks; null: somebody is not heard. */
  common: z.int().nullable(),
  /** `rolling`: not all say the same version. `ready`: all do, and `yosugara upgrade finish` is the last step. */
  state: z.enum(['none', 'rolling', 'ready', 'unknown']),
  /** One sentence: what comes next. */
  next: z.string(),
  members: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['data', 'witness', 'dr']),
      heard: z.boolean(),
      /** Of the controller that runs there; null: it does not say, or is not heard. */
      version: z.string().nullable(),
      speaks: LevelsSchema,
    }),
  ),
});
export type UpgradeState = z.infer<typeof UpgradeStateSchema>;
