import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { explain, InvalidInputError } from '@yosugara/kernel';
import { nodesOfCsv, ReadDocumentsSchema, ReadTextSchema, yamlParts } from '@yosugara/protocol';
import { parse } from 'yaml';
import type { z } from 'zod';
import { NeedsLogin } from '../access/needs.js';
import { AllowsProbeToken } from '../auth/identity.js';
import { ApiRefusals } from '../http/api-docs.js';
import { Repeatable } from '../http/commands.js';

/** One document is parsed at once: more would hold up everybody else. */
const MAX_DOCUMENT_CHARS = 1024 * 1024;
const KEEP_EVENT_LOOP = 50;

/** Of whoever has a text and no parser for it, such as the console. */
@ApiTags('settings')
@ApiRefusals()
@ApiBearerAuth()
@AllowsProbeToken()
@Controller('api/v1/settings')
export class ReadController {
  /** Documents of a text, as `import` takes them: YAML of several, or CSV of nodes. Nothing is stored, and nothing checked but the form. */
  @Post('read')
  @Repeatable('it changes nothing')
  @NeedsLogin()
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: ReadDocumentsSchema })
  async read(
    @Body({ schema: ReadTextSchema }) { format, text }: z.infer<typeof ReadTextSchema>,
  ): Promise<z.infer<typeof ReadDocumentsSchema>> {
    return {
      documents: format === 'csv' ? nodesOfCsv(text, 'line').map(({ document }) => document) : await documentsOfYaml(text),
    };
  }
}

async function documentsOfYaml(text: string): Promise<unknown[]> {
  const documents: unknown[] = [];
  let at = 0;
  for (const { part, line } of yamlParts(text)) {
    at += 1;
    if (at % KEEP_EVENT_LOOP === 0) await new Promise((resolve) => setImmediate(resolve));
    const document = documentOf(part, line);
    // A list is several, as in a file of JSON.
    if (Array.isArray(document)) documents.push(...(document as unknown[]));
    else if (document !== null && document !== undefined) documents.push(document);
  }
  return documents;
}

function documentOf(part: string, line: number): unknown {
  const where = `the document at line ${line}`;
  if (part.length > MAX_DOCUMENT_CHARS)
    throw new InvalidInputError(where, `${part.length} characters`, `at most ${MAX_DOCUMENT_CHARS} in one document`);
  try {
    return parse(part);
  } catch (error) {
    throw new InvalidInputError(where, explain(error).split('\n', 1)[0] ?? '', 'YAML');
  }
}
