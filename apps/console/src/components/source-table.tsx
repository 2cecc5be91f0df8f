import { Table } from '@mantine/core';
import { type IngestSource, type IngestSources, OTHER_SOURCES } from '@yosugara/protocol';
import { Link } from 'react-router';
import { integer, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { differenceOf, refusalsOf } from './receipt-model.js';

/** As the alarm (docs/visible-loss.md): one in a hundred. */
const NOTABLE = 0.01;

function Row({ source, nodes }: { readonly source: IngestSource; readonly nodes: readonly string[] }) {
  const { t, language } = useText();
  const number = (value: number) => integer(value, language);
  const difference = differenceOf(source, nodes);
  const isNotable = (source.oneSided ?? 0) >= NOTABLE;
  const unpaired = Object.values(source.unpaired).reduce((sum, each) => sum + each, 0);
  return (
    <Table.Tr data-testid="source-row" data-source={source.source}>
      <Table.Td className="mono nowrap">
        {source.source === OTHER_SOURCES ? (
          t('receiving.others')
        ) : (
          <Link to={`/messages?mode=search&source=${encodeURIComponent(source.source)}`}>{visible(source.source)}</Link>
        )}
      </Table.Td>
      {nodes.map((node) => (
        <Table.Td key={node} className="number tabular">
          {number(source.received[node] ?? 0)}
        </Table.Td>
      ))}
      <Table.Td className="number tabular" data-testid="source-difference">
        {difference === null ? '–' : difference > 0 ? `+${number(difference)}` : number(difference)}
      </Table.Td>
      <Table.Td className="number tabular">{number(source.matched)}</Table.Td>
      {nodes.map((node) => (
        <Table.Td
          key={node}
          className={(source.onlyAt[node] ?? 0) > 0 && isNotable ? 'number tabular receipt-bad' : 'number tabular'}
        >
          {number(source.onlyAt[node] ?? 0)}
        </Table.Td>
      ))}
      <Table.Td className={isNotable ? 'number tabular receipt-bad' : 'number tabular'}>
        {source.oneSided === null ? '–' : `${(source.oneSided * 100).toFixed(1)} %`}
      </Table.Td>
      <Table.Td className="number tabular">{number(unpaired)}</Table.Td>
      <Table.Td>
        {refusalsOf(source).map(({ node, reason, count }) => (
          <span key={`${node} ${reason}`} className="receipt-refusal">
            {node}: {named(t, 'refusal', reason)} <strong className="tabular">{number(count)}</strong>
          </span>
        ))}
      </Table.Td>
    </Table.Tr>
  );
}

/** Sources with the counts of both nodes beside each other; those first of which most came to one only. */
export function SourceTable({ answer: { nodes, sources, more } }: { readonly answer: IngestSources }) {
  const { t, language } = useText();
  return (
    <section className="panel receipt-scroll" aria-label={t('receiving.sources')} data-testid="source-table">
      <h2>{t('receiving.sources')}</h2>
      {sources.length === 0 ? (
        <p className="dim">{t('receiving.empty')}</p>
      ) : (
        <Table highlightOnHover verticalSpacing={4} className="receipt-table">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('messages.source')}</Table.Th>
              {nodes.map((node) => (
                <Table.Th key={node} className="number">
                  {t('receiving.at', { node })}
                </Table.Th>
              ))}
              <Table.Th className="number">{t('receiving.difference')}</Table.Th>
              <Table.Th className="number">{t('receiving.both')}</Table.Th>
              {nodes.map((node) => (
                <Table.Th key={node} className="number">
                  {t('receiving.onlyAt', { node })}
                </Table.Th>
              ))}
              <Table.Th className="number">{t('receiving.share')}</Table.Th>
              <Table.Th className="number">{t('receiving.unpaired')}</Table.Th>
              <Table.Th>{t('receiving.refused')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {sources.map((source) => (
              <Row key={source.source} source={source} nodes={nodes} />
            ))}
          </Table.Tbody>
        </Table>
      )}
      {more > 0 && <p className="dim">{t('receiving.more', { count: integer(more, language) })}</p>}
    </section>
  );
}
