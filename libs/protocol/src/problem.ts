import { z } from 'zod';

/** The answer of whatever was refused or failed, `application/problem+json` (RFC 9457). */
export const ProblemSchema = z
  .object({
    type: z.string().describe('urn:yosugara:CODE'),
    title: z.string().describe('of its HTTP status'),
    status: z.int(),
    detail: z.string().describe('a sentence for people'),
    code: z.string().describe('for programs: it stays as it is'),
    message: z.string().describe('as `detail`'),
    place: z.string().optional().describe('the field, header or parameter that is wrong'),
    problems: z
      .array(z.object({ place: z.string(), found: z.string(), allowed: z.string() }))
      .optional()
      .describe('each mistake, where there may be several'),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof ProblemSchema>;
export const PROBLEM_TYPE = 'application/problem+json';
