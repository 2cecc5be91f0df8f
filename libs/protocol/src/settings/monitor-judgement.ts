import { z } from 'zod';
import { SYSLOG_FACILITIES, SYSLOG_SEVERITIES } from '../messages.js';
import { PrioritySchema, SettingIdSchema } from './common.js';

/** Longer patterns are refused, as in Hinemos. */
export const MAX_PATTERN = 1_024;
export const MAX_RULES = 200;
/** Characters of what is told; the whole line is kept beside it. */
export const MAX_MESSAGE = 1_024;
export const MAX_TRAP_DEFINITIONS = 20_000;

/**
 * `whole`: a regular expression (RE2) that the whole text must match. `contains`: the text has exactly these characters in it.
 * `regex`: a regular expression that is found somewhere. In both a dot is any character, the end of a line among them.
 */
export const PATTERN_MODES = ['whole', 'contains', 'regex'] as const;
export type PatternMode = (typeof PATTERN_MODES)[number];

const patternFields = {
  pattern: z.string().max(MAX_PATTERN),
  mode: z.enum(PATTERN_MODES).default('whole'),
  caseSensitive: z.boolean().default(true),
};
export const TextMatchSchema = z.strictObject(patternFields);
export type TextMatch = z.infer<typeof TextMatchSchema>;

const bound = z.number().min(-1e308).max(1e308).nullable();
/** `lower ≤ value < upper`; null = without end. */
export const ValueRangeSchema = z
  .tuple([bound, bound])
  .refine(([lower, upper]) => lower === null || upper === null || lower <= upper, 'the lower bound comes first');
export type ValueRange = z.infer<typeof ValueRangeSchema>;

/** In `info` it is info, else in `warning` it is warning, else critical. */
export const ThresholdsSchema = z.strictObject({ info: ValueRangeSchema, warning: ValueRangeSchema });
export type Thresholds = z.infer<typeof ThresholdsSchema>;

const notifications = z.array(SettingIdSchema).max(100).default([]);
const application = z.string().max(64).default('');
/** Over so many minutes before now. */
const rangeM = z.int().min(1).max(1_440).default(60);
/** Fewer tell nothing, and nothing is told. */
const minSamples = z.int().min(5).max(100).default(5);
const told = { application, notifications };

/** A second judgement of the same values: how far is the newest from those before it? */
export const ChangeSchema = z.strictObject({
  enabled: z.boolean().default(true),
  rangeM,
  minSamples,
  /** `amount`: less their mean, in the monitor's unit. `deviations`: that in standard deviations of theirs. */
  of: z.enum(['amount', 'deviations']).default('deviations'),
  info: ValueRangeSchema.default([-2, 2]),
  warning: ValueRangeSchema.default([-3, 3]),
  ...told,
});
export type ChangeJudgement = z.infer<typeof ChangeSchema>;

/** A third one, by the monitor's own thresholds: where will it be? */
export const PredictionSchema = z.strictObject({
  enabled: z.boolean().default(true),
  rangeM,
  minSamples,
  /** Of the polynomial that goes nearest by the values of that time (least squares). */
  degree: z.int().min(1).max(3).default(1),
  /** So many minutes ahead. */
  aheadM: z.int().min(1).max(10_080).default(60),
  ...told,
});
export type PredictionJudgement = z.infer<typeof PredictionSchema>;

const numericFields = {
  /**
   * To get better, a value must be so far beyond the bound that it crossed when it got worse: what hovers about a bound does not
   * change its priority each time. null = any value beyond it is.
   */
  hysteresis: z
    .strictObject({ by: z.number().positive().max(1e308) })
    .nullable()
    .default(null),
  /** `difference`: less the value before. `rate`: that for each second. The first value then only begins. */
  delta: z.enum(['none', 'difference', 'rate']).default('none'),
  /**
   * Of what only grows: at how many bits it begins again from 0. `auto`: as the probe says, such as of a Counter32. `none`: it
   * may fall. What falls otherwise (a restart) is judged from the next value on.
   */
  counter: z.enum(['auto', 'none', '32', '64']).default('auto'),
  change: ChangeSchema.nullable().default(null),
  prediction: PredictionSchema.nullable().default(null),
};

const numericShape = { info: ValueRangeSchema, warning: ValueRangeSchema, ...numericFields };
const leavesRoom = ({ info: [lower, upper], hysteresis }: z.infer<z.ZodObject<typeof numericShape>>) =>
  hysteresis === null || lower === null || upper === null || 2 * hysteresis.by < upper - lower;
const ROOM = { path: ['hysteresis'], message: 'it must leave something of the info range on both sides' };

export const NumericJudgementSchema = z.strictObject(numericShape).refine(leavesRoom, ROOM);
/** With bounds that are used when none are said. */
export const numericWith = (info: ValueRange, warning: ValueRange) =>
  z
    .strictObject({ ...numericShape, info: ValueRangeSchema.default(info), warning: ValueRangeSchema.default(warning) })
    .refine(leavesRoom, ROOM)
    .prefault({});
export type NumericJudgement = z.infer<typeof NumericJudgementSchema>;

/** `#[LOG_LINE]`: the text; `#[name]` and `#[1]`: a group of the pattern. Empty = the text. */
const messageTemplate = z.string().max(MAX_MESSAGE).default('#[LOG_LINE]');

const ruleFields = {
  description: z.string().max(256).default(''),
  ...patternFields,
  /** `ignore`: nothing is told, and no later rule is looked at. */
  action: z.enum(['process', 'ignore']).default('process'),
  priority: PrioritySchema.default('critical'),
  message: messageTemplate,
  enabled: z.boolean().default(true),
};
/** In order: the first enabled one that matches ends it. */
export const StringRuleSchema = z.strictObject(ruleFields);
export type StringRule = z.infer<typeof StringRuleSchema>;

/** All that is said must hold; empty and null say nothing. */
export const SyslogConditionsSchema = z.strictObject({
  facilities: z.array(z.enum(SYSLOG_FACILITIES)).max(24).default([]),
  severities: z.array(z.enum(SYSLOG_SEVERITIES)).max(8).default([]),
  /** The program that logged, without its process id. */
  app: TextMatchSchema.nullable().default(null),
  host: TextMatchSchema.nullable().default(null),
  /** A parameter of RFC 5424's structured data: it is there, and (when said) one of its values matches. */
  structured: z
    .array(
      z.strictObject({
        id: z.string().min(1).max(64),
        param: z.string().min(1).max(64),
        value: TextMatchSchema.nullable().default(null),
      }),
    )
    .max(20)
    .default([]),
});
export type SyslogConditions = z.infer<typeof SyslogConditionsSchema>;

export const SyslogRuleSchema = z.strictObject({ ...ruleFields, where: SyslogConditionsSchema.nullable().default(null) });
export type SyslogRule = z.infer<typeof SyslogRuleSchema>;

export const StringRulesSchema = z.array(StringRuleSchema).max(MAX_RULES).default([]);
export const SyslogRulesSchema = z.array(SyslogRuleSchema).max(MAX_RULES).default([]);

const said = (priority: 'critical' | 'info') =>
  z.strictObject({ priority: PrioritySchema.default(priority), message: z.string().max(MAX_MESSAGE).default('') }).prefault({});
/** An empty message is made of what was seen. */
export const TruthSchema = z.strictObject({ true: said('info'), false: said('critical') }).prefault({});
export type TruthJudgement = z.infer<typeof TruthSchema>;

const trapOid = z
  .string()
  .regex(/^\d+(\.\d+)+(\.\*)?$/, 'an OID in numbers, or one that ends in .* for all below it')
  .max(1_024);

/** What is told of one kind of trap. */
export const TrapDefinitionSchema = z
  .strictObject({
    mib: z.string().max(128).default(''),
    name: z.string().max(128).default(''),
    /** Trap OID as SNMPv2 has it; the enterprise where `generic` says so. `….*`: all below that no other definition names. */
    oid: trapOid,
    /** Of two definitions of one trap the one of the version that it came in counts; v3 is as v2c. */
    version: z.enum(['any', 'v1', 'v2c']).default('any'),
    /** v1: 0 coldStart … 5 egpNeighborLoss, 6 = `specific` says which. null = `oid` is the trap's. */
    generic: z.int().min(0).max(6).nullable().default(null),
    specific: z.int().min(0).max(2_147_483_647).nullable().default(null),
    /** `%parm[#1]%`: the first varbind. Empty = name and varbinds as they are read. */
    message: z.string().max(MAX_MESSAGE).default(''),
    detail: z.string().max(8_192).default(''),
    enabled: z.boolean().default(true),
    /** `always`: this priority. `varbinds`: `format` is filled in, then the first rule that matches it. */
    judge: z
      .discriminatedUnion('by', [
        z.strictObject({ by: z.literal('always'), priority: PrioritySchema }),
        z.strictObject({
          by: z.literal('varbinds'),
          format: z.string().max(256).default('%parm[#1]%'),
          rules: StringRulesSchema,
        }),
      ])
      .default({ by: 'always', priority: 'critical' }),
  })
  .refine(({ generic, specific }) => (generic === 6) === (specific !== null), {
    path: ['specific'],
    message: 'said with generic 6, and only with it',
  });
export type TrapDefinition = z.infer<typeof TrapDefinitionSchema>;

export const TrapJudgementSchema = z
  .strictObject({
    definitions: z.array(TrapDefinitionSchema).max(MAX_TRAP_DEFINITIONS).default([]),
    /** Of traps that no definition names; null = nothing is told. */
    unspecified: z
      .strictObject({ priority: PrioritySchema.default('unknown') })
      .nullable()
      .default(null),
  })
  .prefault({});
export type TrapJudgement = z.infer<typeof TrapJudgementSchema>;
