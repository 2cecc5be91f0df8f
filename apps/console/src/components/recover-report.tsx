import type { RecoverReport as Report } from '@yosugara/protocol';
import { bytes, duration, localTime } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import type { NodeStatus } from './cluster-model.js';
import { Said } from './said.js';

function Discarded({ report }: { readonly report: Report }) {
  const { t } = useText();
  const { discarded } = report;
  if (discarded === null) return <span>{t('report.none')}</span>;
  const { from, to, timeline } = discarded;
  return (
    <span data-testid="report-discarded">
      {t('report.range', { from, to, timeline, size: bytes(discarded.bytes) })}
      {(report.keptWal ?? report.setAside) !== null && <code className="mono"> {report.keptWal ?? report.setAside}</code>}
    </span>
  );
}

/** Where the time went. */
function Phases({ phases }: { readonly phases: Report['phases'] }) {
  const { t, language } = useText();
  const longest = Math.max(1, ...phases.map(({ ms }) => ms));
  return (
    <table className="phases">
      <thead>
        <tr>
          <th scope="col">{t('report.phase')}</th>
          <th scope="col">{t('report.time')}</th>
          <td />
        </tr>
      </thead>
      <tbody>
        {phases.map(({ phase, ms }) => (
          <tr key={phase}>
            <td>{named(t, 'recover.phase', phase)}</td>
            <td className="tabular">{duration(ms, language)}</td>
            <td aria-hidden="true">
              <div className="phase-bar" style={{ width: `${(ms / longest) * 100}%` }} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Sentences({ title, lines }: { readonly title: string; readonly lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <>
      <strong>{title}</strong>
      <ul className="sentences">
        {lines.map((line) => (
          <li key={line}>
            <Said text={line} />
          </li>
        ))}
      </ul>
    </>
  );
}

/** What the newest recover of a node did: closed until somebody asks. */
export function RecoverReport({ node }: { readonly node: NodeStatus }) {
  const { t, language } = useText();
  const report = node.recoverReport ?? null;
  if (report === null || report.state !== 'done') return null;
  return (
    <details className="panel recover-report" data-testid={`recover-report-${node.name}`}>
      <summary>
        {t('report.title', {
          node: node.name,
          when: report.endedAt === null ? '' : localTime(report.endedAt),
          time: duration(report.totalMs, language),
        })}
      </summary>
      <dl className="pairs">
        <dt>{t('report.method')}</dt>
        <dd>
          <span data-testid={`report-method-${node.name}`}>
            {report.method === null ? t('report.none') : named(t, 'method', report.method)}
          </span>
          {report.why !== '' && (
            <>
              {' '}
              <Said text={report.why} className="dim" />
            </>
          )}
        </dd>
        <dt>{t('report.copied')}</dt>
        <dd>{bytes(report.bytes)}</dd>
        <dt>{t('report.discarded')}</dt>
        <dd>
          <Discarded report={report} />
        </dd>
        {report.resumed > 0 && <dt>{t('report.resumed')}</dt>}
        {report.resumed > 0 && <dd>{report.resumed}</dd>}
      </dl>
      <Phases phases={report.phases} />
      <Sentences title={t('report.tries')} lines={report.tries.map(({ code, message }) => `${message} (${code})`)} />
      <Sentences title={t('report.look')} lines={report.look} />
    </details>
  );
}
