import type { MailTemplateBody, NotificationBody, RestAccessBody } from '@yosugara/protocol';
import { PRIORITIES } from '@yosugara/protocol';
import { unknownVariables } from './values.js';
import { variablesIn } from './variables.js';

/** Texts with variables in a setting, by their places. */
export function templatesIn(
  kind: 'notification' | 'mail-template' | 'rest-access',
  any: unknown,
): readonly (readonly [string, string])[] {
  if (kind === 'mail-template') {
    const { subject, body } = any as MailTemplateBody;
    return [
      ['subject', subject],
      ['body', body],
    ];
  }
  if (kind === 'rest-access') {
    const { url, headers, body } = any as RestAccessBody;
    const named = Object.entries(headers).map(([name, value]) => [`headers.${name}`, value] as const);
    return [['url', url], ...named, ['body', body ?? '']];
  }
  const { priorities } = any as NotificationBody;
  return PRIORITIES.flatMap((priority) =>
    Object.entries(priorities[priority] ?? {}).flatMap(([key, value]) =>
      key === 'command' || key === 'message' ? [[`priorities.${priority}.${key}`, String(value)] as const] : [],
    ),
  );
}

/**
 * Variables that stay as they are written, each in a sentence: nothing has such a name. @param others names of the variables of nodes.
 */
export function variableWarnings(
  kind: 'notification' | 'mail-template' | 'rest-access',
  body: unknown,
  others: ReadonlySet<string> = new Set(),
): readonly { readonly place: string; readonly message: string }[] {
  const known = new Set([...others, ...(kind === 'rest-access' ? ['SECRET'] : [])]);
  return templatesIn(kind, body).flatMap(([place, text]) =>
    unknownVariables(variablesIn(text), known).map((name) => {
      return { place, message: `#[${name}] is a variable of no result and no node: it stays as it is written` };
    }),
  );
}
