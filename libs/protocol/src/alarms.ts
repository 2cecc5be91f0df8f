/**
 * What `status` may raise, each for ever: a code is in people's scripts and has a page in docs/runbooks, in English and Japanese. A new one is a
 * line here and two pages (`test/e2e/src/docs/runbooks.spec.ts` asks for them).
 */
export const ALARM_CODES = [
  'NO_MASTER',
  'NO_FAILOVER',
  'NO_REDUNDANCY',
  'WRITES_BLOCKED',
  'COMMITS_UNGATED',
  'VIP_LOST',
  'VIP_DUPLICATE',
  'UNFIT',
  'RESTARTS',
  'HOOK_VETO',
  'RATE_LIMITED',
  'PAUSED',
  'MAINTENANCE',
  'AWAY',
  'FENCE_FAILED',
  'FENCE_BROKEN',
  'NO_FENCE_DEVICE',
  'MANAGER_HUNG',
  'MANAGER_RESTARTED',
  'ARBITER_LOST',
  'ARBITER_ZONE',
  'DISK_FULL',
  'DISK_HIGH',
  'DISK_WARN',
  'LOOP_SLOW',
  'RECEIVER_DOWN',
  'RECEIVER_FULL',
  'RECEIVER_LINK_DOWN',
  'KERNEL_DROPS',
  'SOURCE_LIMITED',
  'ONE_SIDED',
  'KEY_MISSING',
  'CERTIFICATE_ENDS',
  'CERTIFICATES_UNKEPT',
] as const;
export type AlarmCode = (typeof ALARM_CODES)[number];

/** As whoever raises it says it. What is read may be of a later version, with codes of its own. */
export interface Alarm {
  readonly level: 'red' | 'yellow';
  readonly code: AlarmCode;
  readonly text: string;
}

export const RUNBOOK_LANGUAGES = ['en', 'ja'] as const;
export type RunbookLanguage = (typeof RUNBOOK_LANGUAGES)[number];

/** Where the page of an alarm, or of something that is watched (`disk-used`), lies in the sources. */
export const runbookPath = (code: string, language: RunbookLanguage = 'en'): string =>
  `docs/${language === 'en' ? '' : `${language}/`}runbooks/${code}.md`;

/** The same page as any manager serves it, without the outside world. @param path as `runbookPath` gives it, in English */
export const runbookAddress = (path: string, language: RunbookLanguage = 'en'): string =>
  `/${language === 'en' ? path : path.replace(/^docs\//, `docs/${language}/`)}`.replace(/\.md$/, '.html');
