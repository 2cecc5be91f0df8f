import type { RecoverReport as Report } from '@yosugara/protocol';
import { bytes, localTime } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { known, type Translate } from '../i18n/translate.js';
import type { NodeStatus } from './cluster-model.js';

const named = (t: Translate, prefix: string, code: string): string => {
  const key = known(prefix, code);
  return key === null ? code : t(key);
};
const seconds = (ms: number): string => (ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 1_000)} s`);

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

/** What the newest recover of a node did: closed until somebody asks. */
export function RecoverReport({ node }: { readonly node: NodeStatus }) {
  const { t } = useText();
  const report = node.recoverReport ?? null;
  if (report === null || report.state !== 'done') return null;
  return (
    <details className="panel recover-report" data-testid={`recover-report-${node.name}`}>
      <summary>
        {t('report.title', {
          node: node.name,
          when: report.endedAt === null ? '' : localTime(report.endedAt),
          time: seconds(report.totalMs),
        })}
      </summary>
      <dl>
        <dt>{t('report.method')}</dt>
        <dd>
          {report.method === null ? t('report.none') : named(t, 'method', report.method)}
          {report.why !== '' && <span className="dim"> {report.why}</span>}
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
      <table>
        <thead>
          <tr>
            <th>{t('report.phase')}</th>
            <th>{t('report.time')}</th>
          </tr>
        </thead>
        <tbody>
          {report.phases.map((row) => (
            <tr key={row.phase}>
              <td>{named(t, 'recover.phase', row.phase)}</td>
              <td className="tabular">{seconds(row.ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {report.look.length > 0 && <strong>{t('report.look')}</strong>}
      <ul>
        {report.look.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </details>
  );
}
