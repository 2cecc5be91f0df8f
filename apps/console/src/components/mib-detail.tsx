import { Loader, Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { MibProblemText } from '@yosugara/protocol';
import { api } from '../api/client.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { useNarrow } from './use-narrow.js';

/** What is wrong with a module, line by line; the sentences are the compiler's. */
export function MibProblems({ problems }: { readonly problems: readonly MibProblemText[] }) {
  const { t } = useText();
  return (
    <ul className="mib-problems" data-testid="mib-problems">
      {problems.map(({ line, severity, message }) => (
        <li key={`${line} ${message}`} className={`mib-${severity}`}>
          <span className="tabular nowrap">{t('mibs.line', { line })}</span>
          <span lang="en">{visible(message)}</span>
        </li>
      ))}
    </ul>
  );
}

function Names({ names }: { readonly names: readonly string[] }) {
  return <>{names.length === 0 ? '–' : visible(names.join(', '))}</>;
}

/** One module, opened in the list. */
export function MibDetailPanel({ name }: { readonly name: string }) {
  const { t } = useText();
  const isNarrow = useNarrow();
  const { data, error } = useQuery({ queryKey: ['mibs', name], queryFn: ({ signal }) => api.mib(name, signal) });
  if (data === undefined) return error === null ? <Loader size="sm" /> : <p className="dim">{error.message}</p>;
  return (
    <div data-testid="mib-detail">
      <dl className="detail-facts">
        <dt>{t('mibs.imports')}</dt>
        <dd>
          <Names names={data.imports} />
        </dd>
        <dt>{t('mibs.importedBy')}</dt>
        <dd>
          <Names names={data.importedBy} />
        </dd>
        <dt>{t('mibs.file')}</dt>
        <dd>
          <a href={`/api/v1/mibs/${encodeURIComponent(name)}/source`} target="_blank" rel="noreferrer">
            {visible(data.file)}
          </a>
        </dd>
        <dt>SHA-256</dt>
        <dd className="mono breakable">{data.digest}</dd>
      </dl>
      {data.problems.length > 0 && <MibProblems problems={data.problems} />}
      {data.traps.length > 0 && (
        <Table.ScrollContainer minWidth={isNarrow ? 0 : 520} maxHeight={260}>
          <Table stickyHeader verticalSpacing={4} aria-label={t('mibs.traps')}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('mibs.traps')}</Table.Th>
                <Table.Th>OID</Table.Th>
                <Table.Th>{t('mibs.carries')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.traps.map((trap) => (
                <Table.Tr key={trap.oid} title={trap.description ?? undefined}>
                  <Table.Td className="breakable">{visible(trap.name)}</Table.Td>
                  <Table.Td className="mono breakable">{trap.oid}</Table.Td>
                  <Table.Td>
                    <Names names={trap.objects} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </div>
  );
}
