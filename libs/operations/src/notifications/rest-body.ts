import type { Priority, RestAccessBody } from '@yosugara/protocol';
import type { RestPayload } from './payload.js';
import { render, type Values } from './variables.js';

const COLOURS: Readonly<Record<Priority, { readonly slack: string; readonly teams: string }>> = {
  critical: { slack: '#c62828', teams: 'Attention' },
  unknown: { slack: '#6a1b9a', teams: 'Accent' },
  warning: { slack: '#f9a825', teams: 'Warning' },
  info: { slack: '#2e7d32', teams: 'Good' },
};
const MAX_TEXT = 3_000;

export interface RestBody {
  readonly body: string | null;
  readonly contentType: string;
}

/** What is sent, by the preset. @param values with `SECRET` in it where there is one. */
export function restBody(
  access: Pick<RestAccessBody, 'preset' | 'body' | 'method' | 'headers'>,
  { values }: RestPayload,
  all: Values,
): RestBody {
  const json = (value: unknown): RestBody => ({ body: JSON.stringify(value), contentType: 'application/json; charset=utf-8' });
  if (access.preset === 'slack') return json(slackBody(values));
  if (access.preset === 'teams') return json(teamsBody(values));
  if (access.method === 'GET') return { body: null, contentType: '' };
  if (access.body === null) return json(plainBody(values));
  const type = Object.entries(access.headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  const within = type === undefined || /json/i.test(type) ? 'json' : /form-urlencoded/i.test(type) ? 'url' : 'none';
  return { body: render(access.body, all, within), contentType: type ?? 'application/json; charset=utf-8' };
}

function plainBody(values: RestPayload['values']): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name.toLowerCase(), value]));
}

const FACTS = [
  { title: 'Node', of: 'FACILITY_NAME' },
  { title: 'Scope', of: 'SCOPE' },
  { title: 'Monitor', of: 'MONITOR_ID' },
  { title: 'Time', of: 'GENERATION_DATE' },
];

/** An incoming webhook of Slack; Mattermost and Rocket.Chat read the same. */
function slackBody(values: RestPayload['values']): unknown {
  const of = (name: string) => render(`#[${name}]`, (each) => values[each] ?? '', 'html').slice(0, MAX_TEXT);
  const headline = `[${of('PRIORITY')}] ${of('FACILITY_NAME')}: ${of('MESSAGE')}`;
  return {
    text: headline,
    attachments: [
      {
        ...{ color: coloursOf(values).slack, fallback: headline, text: of('ORG_MESSAGE') },
        fields: FACTS.map((fact) => ({ title: fact.title, value: of(fact.of), short: true })),
        footer: of('NOTIFY_UUID'),
      },
    ],
  };
}

/** A message with an adaptive card, as the workflows of Teams take it. */
function teamsBody(values: RestPayload['values']): unknown {
  const of = (name: string) => (values[name] ?? '').slice(0, MAX_TEXT);
  const block = (text: string, more: object) => ({ type: 'TextBlock', text, wrap: true, ...more });
  const headline = `[${of('PRIORITY')}] ${of('FACILITY_NAME')}`;
  const facts = [...FACTS.map((fact) => ({ title: fact.title, value: of(fact.of) })), { title: 'Id', value: of('NOTIFY_UUID') }];
  const content = {
    ...{ $schema: 'http://adaptivecards.io/schemas/adaptive-card.json', type: 'AdaptiveCard', version: '1.4' },
    body: [
      block(headline, { size: 'Medium', weight: 'Bolder', color: coloursOf(values).teams }),
      block(of('MESSAGE'), {}),
      { type: 'FactSet', facts },
    ],
  };
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
  };
}

const coloursOf = (values: RestPayload['values']) => COLOURS[values['PRIORITY'] as Priority] ?? COLOURS.unknown;
