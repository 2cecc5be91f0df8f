import { z } from 'zod';

/** What is answered where there is nothing to tell. */
export const DoneSchema = z.object({ ok: z.literal(true) }).meta({ id: 'Done' });
export type Done = z.infer<typeof DoneSchema>;

export const AgentDoneSchema = z.object({ done: z.literal(true) }).meta({ id: 'AgentDone' });

/** Of a setting that is deleted: that of all settings. */
export const SettingRemovedSchema = z.object({ version: z.int() }).meta({ id: 'SettingRemoved' });

/** Of a command to the cluster. `ok` false: it said no, and `message` says why. */
export const CommandAnswerSchema = z.looseObject({ ok: z.boolean(), message: z.string() }).meta({ id: 'CommandAnswer' });
export type CommandAnswer = z.infer<typeof CommandAnswerSchema>;

/** Nodes that a sender is known as. */
export const ResolvedNodesSchema = z
  .object({ nodes: z.array(z.object({ id: z.string(), name: z.string(), enabled: z.boolean() })) })
  .meta({ id: 'ResolvedNodes' });
