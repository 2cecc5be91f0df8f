import type { Status } from '@yosugara/protocol';
import { serverNowMs } from '../api/client.js';
import { age } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { CopyCommand } from './copy-command.js';
import { PauseIcon } from './icons.js';
import { Time } from './time.js';
import { useNow } from './use-now.js';

interface NoticeProps {
  readonly title: string;
  readonly until: string;
  readonly why: string;
  readonly command: string;
  readonly testId: string;
}

function Notice({ title, until, why, command, testId }: NoticeProps) {
  const { t, language } = useText();
  useNow(10_000);
  const leftMs = Date.parse(until) - serverNowMs();
  return (
    <section className="panel notice" aria-label={title} data-testid={testId}>
      <span className="notice-icon">
        <PauseIcon size={24} />
      </span>
      <div className="grow">
        <strong>{title}</strong>
        <p>
          {t('notice.until')} <Time iso={until} />
          {leftMs > 0 && <span className="dim"> ({t('recover.left', { time: age(leftMs, language) })})</span>}
          {' · '}
          {t('notice.why', { why })}
        </p>
      </div>
      <div>
        <span className="label">{t('notice.end')}</span>
        <CopyCommand command={command} testId={`${testId}-command`} />
      </div>
    </section>
  );
}

/** What operators have switched off on purpose, by whose word and until when: it must not be looked for among the alarms. */
export function Notices({ status }: { readonly status: Status }) {
  const { t } = useText();
  const { pause = null, maintenance = [] } = status;
  return (
    <>
      {pause !== null && <Notice {...pause} title={t('notice.paused')} command="yosugara resume" testId="notice-paused" />}
      {maintenance.map(({ node, until, why }) => (
        <Notice
          key={node}
          {...{ until, why }}
          title={t('notice.maintenance', { node })}
          command={`yosugara maintenance ${node} --off`}
          testId={`notice-maintenance-${node}`}
        />
      ))}
    </>
  );
}
