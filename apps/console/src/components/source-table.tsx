import { Table } from '@mantine/core';
import { type IngestSource, type IngestSources, OTHER_SOURCES } from '@yosugara/protocol';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { integer, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { type Language, named, type Translate } from '../i18n/translate.js';
import { differenceOf, refusalsOf } from './receipt-model.js';
import { useNarrow } from './use-narrow.js';

/** As the alarm (docs/visible-loss.md): one in a hundred. */
const NOTABLE = 0.01;

interface Column {
  readonly title: string;
  readonly of: (source: IngestSource) => ReactNode;
  readonly isBad?: (source: IngestSource) => boolean;
  readonly isText?: true;
  readonly testId?: string;
}

const isNotable = ({ oneSided }: IngestSource): boolean => (oneSided ?? 0) >= NOTABLE;

/** All that is told of a source beside its name. */
function columnsOf(nodes: readonly string[], t: Translate, language: Language): readonly Column[] {
  const number = (value: number) => integer(value, language);
  const difference = (value: number | null) => (value === null ? '–' : value > 0 ? `+${number(value)}` : number(value));
  return [
    ...nodes.map((node) => ({
      title: t('receiving.at', { node }),
      of: ({ received }: IngestSource) => number(received[node] ?? 0),
    })),
    {
      title: t('receiving.difference'),
      of: (source) => difference(differenceOf(source, nodes)),
      testId: 'source-difference',
    },
    { title: t('receiving.both'), of: ({ matched }) => number(matched) },
    ...nodes.map((node) => ({
      title: t('receiving.onlyAt', { node }),
      of: ({ onlyAt }: IngestSource) => number(onlyAt[node] ?? 0),
      isBad: (source: IngestSource) => (source.onlyAt[node] ?? 0) > 0 && isNotable(source),
    })),
    {
      title: t('receiving.share'),
      of: ({ oneSided }) => (oneSided === null ? '–' : `${(oneSided * 100).toFixed(1)} %`),
      isBad: isNotable,
    },
    {
      title: t('receiving.unpaired'),
      of: ({ unpaired }) => number(Object.values(unpaired).reduce((sum, each) => sum + each, 0)),
    },
    {
      title: t('receiving.refused'),
      isText: true,
      of: (source) =>
        refusalsOf(source).map(({ node, reason, count }) => (
          <span key={`${node} ${reason}`} className="receipt-refusal">
            {node}: {named(t, 'refusal', reason)} <strong className="tabular">{number(count)}</strong>
          </span>
        )),
    },
  ];
}

const classOf = ({ isBad, isText }: Column, source: IngestSource): string =>
  [isText ? '' : 'number tabular', isBad?.(source) ? 'receipt-bad' : ''].filter(Boolean).join(' ');

function Name({ source }: { readonly source: string }) {
  const { t } = useText();
  if (source === OTHER_SOURCES) return t('receiving.others');
  return <Link to={`/messages?mode=search&source=${encodeURIComponent(source)}`}>{visible(source)}</Link>;
}

interface SourcesProps {
  readonly sources: readonly IngestSource[];
  readonly columns: readonly Column[];
}

/** On a telephone each stands by itself: beside each other its numbers are wider than the screen. */
function SourceList({ sources, columns }: SourcesProps) {
  return (
    <ul className="source-list">
      {sources.map((source) => (
        <li key={source.source} data-testid="source-row" data-source={source.source}>
          <strong className="mono">
            <Name source={source.source} />
          </strong>
          <dl>
            {columns.map((column) => (
              <div key={column.title}>
                <dt>{column.title}</dt>
                <dd className={classOf(column, source)} data-testid={column.testId}>
                  {column.of(source)}
                </dd>
              </div>
            ))}
          </dl>
        </li>
      ))}
    </ul>
  );
}

function WideTable({ sources, columns }: SourcesProps) {
  const { t } = useText();
  return (
    <Table highlightOnHover verticalSpacing={4} className="receipt-table">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('messages.source')}</Table.Th>
          {columns.map(({ title, isText }) => (
            <Table.Th key={title} className={isText ? '' : 'number'}>
              {title}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {sources.map((source) => (
          <Table.Tr key={source.source} data-testid="source-row" data-source={source.source}>
            <Table.Td className="mono nowrap">
              <Name source={source.source} />
            </Table.Td>
            {columns.map((column) => (
              <Table.Td key={column.title} className={classOf(column, source)} data-testid={column.testId}>
                {column.of(source)}
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** Sources with the counts of both nodes beside each other; those first of which most came to one only. */
export function SourceTable({ answer: { nodes, sources, more } }: { readonly answer: IngestSources }) {
  const { t, language } = useText();
  const Sources = useNarrow() ? SourceList : WideTable;
  return (
    <section className="panel receipt-scroll" aria-label={t('receiving.sources')} data-testid="source-table">
      <h2>{t('receiving.sources')}</h2>
      {sources.length === 0 ? (
        <p className="dim">{t('receiving.empty')}</p>
      ) : (
        <Sources sources={sources} columns={columnsOf(nodes, t, language)} />
      )}
      {more > 0 && <p className="dim">{t('receiving.more', { count: integer(more, language) })}</p>}
    </section>
  );
}
