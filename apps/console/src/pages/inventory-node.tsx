import '../inventory.js';
import { Alert, Button, Loader } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { INVENTORY_KINDS, type InventoryKind, type NodeInventory } from '@yosugara/protocol';
import { Link, useParams } from 'react-router';
import { inventoryApi } from '../api/inventory.js';
import { Failed } from '../components/failed.js';
import { InventoryChanges } from '../components/inventory-changes.js';
import { InventoryThings } from '../components/inventory-things.js';
import { Time } from '../components/time.js';
import { useToast } from '../components/toasts.js';
import { useCommand } from '../components/use-command.js';
import { useMe } from '../components/use-me.js';
import { usePageAddress } from '../components/use-page-address.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';

const EVERY_MS = 30_000;

function Troubles({ why, cut, troubles, canCollect }: NodeInventory) {
  const { t } = useText();
  const kindOf = (kind: InventoryKind) => t(`inventoryKind.${kind}`);
  const said = [
    ...(canCollect ? [] : [t('inventory.noAgent')]),
    ...(why === null ? [] : [t('inventory.failed', { why: visible(why) })]),
    ...troubles.map((each) => t('inventory.trouble', { kind: kindOf(each.kind), why: visible(each.why) })),
    ...cut.map(({ kind, kept, found }) => t('inventory.cut', { kind: kindOf(kind), kept, found })),
  ];
  if (said.length === 0) return null;
  return (
    <Alert color="yellow" data-testid="inventory-troubles">
      {said.map((text) => (
        <div key={text}>{text}</div>
      ))}
    </Alert>
  );
}

function When({ collectedAt, changedAt, nextAt, canCollect }: NodeInventory) {
  const { t } = useText();
  if (collectedAt === null) return <p className="dim">{t('inventory.never')}</p>;
  return (
    <p className="dim" data-testid="inventory-when">
      {t('inventory.at')} <Time iso={collectedAt} />
      {changedAt !== null && (
        <>
          {' · '}
          {t('inventory.changedAt')} <Time iso={changedAt} />
        </>
      )}
      {canCollect && (
        <>
          {' · '}
          {t('inventory.next')} {nextAt === null ? t('inventory.nextNone') : <Time iso={nextAt} />}
        </>
      )}
    </p>
  );
}

/** What one managed host consists of, and how that changed. */
export function NodeInventoryPage() {
  const { t } = useText();
  const { id = '' } = useParams();
  const { address, put } = usePageAddress();
  const client = useQueryClient();
  const toast = useToast();
  const mayAct = useMe().may('repository', 'execute');
  const { data, error } = useQuery({
    queryKey: ['inventory', 'node', id],
    queryFn: ({ signal }) => inventoryApi.show(id, signal),
    refetchInterval: EVERY_MS,
  });
  const collecting = useCommand({
    mutationFn: async () => await inventoryApi.collect(id),
    onSuccess: async ({ added, removed, changed }) => {
      toast({ text: t('inventory.collected', { added, removed, changed }), tone: 'good' });
      await client.invalidateQueries({ queryKey: ['inventory'] });
    },
  });
  const asked = address.get('kind');
  const kind = INVENTORY_KINDS.find((each) => each === asked) ?? 'package';
  return (
    <div className="cluster-page" data-testid="inventory-page">
      <div className="page-head">
        <Link to="/repository">{t('repository.title')}</Link>
        <span className="dim">›</span>
        <Link to={`/repository/node/${encodeURIComponent(id)}`}>{visible(id)}</Link>
        <span className="dim">›</span>
        <h1>{t('inventory.title')}</h1>
        <span className="grow" />
        <Button size="compact-sm" variant="default" component={Link} to="/inventory">
          {t('inventory.search')}
        </Button>
        <Button
          size="compact-sm"
          disabled={!mayAct || data?.canCollect !== true}
          loading={collecting.isPending}
          onClick={() => collecting.mutate()}
          data-testid="inventory-collect"
        >
          {t('inventory.collect')}
        </Button>
      </div>
      <Failed error={collecting.error ?? (data === undefined ? error : null)} />
      {data === undefined && error === null && <Loader size="sm" />}
      {data !== undefined && (
        <>
          <When {...data} />
          <Troubles {...data} />
          {data.collectedAt !== null && (
            <>
              <InventoryThings
                node={id}
                counts={data.counts}
                kind={kind}
                text={address.get('text') ?? ''}
                day={address.get('day') ?? ''}
                put={put}
              />
              <InventoryChanges node={id} />
            </>
          )}
        </>
      )}
    </div>
  );
}
