import { Alert, Button, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { JobApprovals } from '@yosugara/protocol';
import { useRef, useState } from 'react';
import { jobsApi } from '../api/jobs.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { OperateDialog } from './job-operate.js';
import { Time } from './time.js';
import { useKeys } from './use-keys.js';
import { useMe } from './use-me.js';

type Approval = JobApprovals['approvals'][number];

export function useApprovals(everyMs: number) {
  return useQuery({
    queryKey: ['jobs', 'live', 'approvals'],
    queryFn: ({ signal }) => jobsApi.approvals(signal),
    refetchInterval: everyMs,
  });
}

/** What waits for whoever looks, and what waits for others. `j` and `k` go from one to the next, `a` approves, `d` denies; both are asked once more. */
export function Approvals({
  everyMs,
  onSession,
}: {
  readonly everyMs: number;
  readonly onSession: (session: string, job: string) => void;
}) {
  const { t } = useText();
  const { may } = useMe();
  const mayAnswer = may('job', 'approve');
  const { data, error } = useApprovals(everyMs);
  const [answering, setAnswering] = useState<{ readonly approval: Approval; readonly operation: 'approve' | 'deny' } | null>(
    null,
  );
  const [cursor, setCursor] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const mine = data?.approvals.filter(({ mine: isMine }) => isMine && mayAnswer) ?? [];
  const others = data?.approvals.filter(({ mine: isMine }) => !isMine || !mayAnswer) ?? [];
  const at = Math.min(cursor, Math.max(0, mine.length - 1));
  const go = (to: number) => {
    const next = Math.min(mine.length - 1, Math.max(0, to));
    setCursor(next);
    list.current?.querySelectorAll<HTMLElement>('[data-testid=approval]')[next]?.focus();
  };
  const answer = (operation: 'approve' | 'deny') => mine[at] !== undefined && setAnswering({ approval: mine[at], operation });
  useKeys({ j: () => go(at + 1), k: () => go(at - 1), a: () => answer('approve'), d: () => answer('deny') });
  if (data === undefined)
    return error === null ? (
      <Loader size="sm" />
    ) : (
      <Alert color="red" role="alert">
        {error.message}
      </Alert>
    );
  return (
    <div className="approvals" ref={list} data-testid="approvals">
      <section aria-labelledby="approvals-mine">
        <h2 id="approvals-mine">{t('approvals.mine', { count: mine.length })}</h2>
        {mine.length === 0 ? (
          <p className="empty">{t('approvals.none')}</p>
        ) : (
          <ul className="plain-list">
            {mine.map((approval, index) => (
              <Card
                key={`${approval.session} ${approval.job}`}
                approval={approval}
                isHere={index === at}
                onFocus={() => setCursor(index)}
                onSession={onSession}
              >
                <div className="approval-tools">
                  <Button onClick={() => setAnswering({ approval, operation: 'approve' })} data-testid="approval-approve">
                    {t('jobOperation.approve')}
                  </Button>
                  <Button
                    variant="default"
                    color="red"
                    onClick={() => setAnswering({ approval, operation: 'deny' })}
                    data-testid="approval-deny"
                  >
                    {t('jobOperation.deny')}
                  </Button>
                </div>
              </Card>
            ))}
          </ul>
        )}
      </section>
      {others.length > 0 && (
        <section aria-labelledby="approvals-others">
          <h2 id="approvals-others">{t('approvals.others', { count: others.length })}</h2>
          <ul className="plain-list">
            {others.map((approval) => (
              <Card key={`${approval.session} ${approval.job}`} approval={approval} isHere={false} onSession={onSession} />
            ))}
          </ul>
        </section>
      )}
      {mine.length > 0 && <p className="dim small keys-hint">{t('approvals.keys')}</p>}
      {answering !== null && (
        <OperateDialog
          target={{ session: answering.approval.session, job: answering.approval.job, operations: [] }}
          operation={answering.operation}
          says={answering.approval.sentence}
          onClose={() => setAnswering(null)}
        />
      )}
    </div>
  );
}

interface CardProps {
  readonly approval: Approval;
  readonly isHere: boolean;
  readonly onFocus?: () => void;
  readonly onSession: (session: string, job: string) => void;
  readonly children?: React.ReactNode;
}

function Card({
  approval: { session, unit, unitName, job, name, sentence, role, user, since },
  isHere,
  onFocus,
  onSession,
  children,
}: CardProps) {
  const { t } = useText();
  return (
    <li
      className={isHere ? 'panel approval is-here' : 'panel approval'}
      tabIndex={-1}
      onFocus={onFocus}
      data-testid="approval"
      data-job={job}
    >
      <p className="approval-sentence">{visible(sentence)}</p>
      <p className="dim approval-about">
        {visible(unitName === '' ? unit : unitName)} ·{' '}
        <button type="button" className="link-button" onClick={() => onSession(session, job)}>
          {session} · {visible(name === '' ? job : name)}
        </button>{' '}
        · {user === null ? t('approvals.role', { role }) : t('approvals.user', { user, role })}
        {since !== null && (
          <>
            {' '}
            · {t('approvals.since')} <Time iso={since} />
          </>
        )}
      </p>
      {children}
    </li>
  );
}
