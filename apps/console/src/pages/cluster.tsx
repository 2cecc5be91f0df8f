import '../upkeep.js';
import { Button, Loader } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { CLUSTER_KEY, useCluster, useLinkState } from '../api/live.js';
import { lostAtMs } from '../api/reconnect.js';
import { nodesOut } from '../components/cluster-model.js';
import { Fences } from '../components/fences.js';
import { Govern } from '../components/govern.js';
import { History } from '../components/history.js';
import { LagCharts } from '../components/lag-charts.js';
import { LastFence } from '../components/last-fence.js';
import { Notices } from '../components/notices.js';
import { RecoverDialog } from '../components/recover-dialog.js';
import { RecoverPanel } from '../components/recover-panel.js';
import { RecoverReport } from '../components/recover-report.js';
import { Alarms, Facts } from '../components/side-panels.js';
import { SiteLoss } from '../components/site-loss.js';
import { Switchover } from '../components/switchover.js';
import { TakeOvers } from '../components/take-overs.js';
import { useToast } from '../components/toasts.js';
import { Topology } from '../components/topology.js';
import { useMe } from '../components/use-me.js';
import { useRecovered } from '../components/use-recovered.js';
import { Verdict } from '../components/verdict.js';
import { clockTime } from '../i18n/format.js';
import { useText } from '../i18n/language.js';

function HeardAt({ heardAtMs }: { readonly heardAtMs: number }) {
  const { t } = useText();
  return <span className="dim tabular">{t('cluster.asOf', { time: clockTime(new Date(heardAtMs)) })}</span>;
}

export function ClusterPage() {
  const { t } = useText();
  const client = useQueryClient();
  const { status, heardAtMs, error } = useCluster();
  const toast = useToast();
  /** The node whose recover is being thought over. */
  const [asking, setAsking] = useState<string | null>(null);
  useRecovered(status, (node) => toast({ text: t('recover.done', { node }), tone: 'good' }));
  const stale = lostAtMs(useLinkState()) !== null;
  const { may } = useMe();
  const mayAct = !stale && may('cluster', 'execute');
  if (status === undefined)
    return (
      <div className="blank" role="status">
        {error === null ? <Loader /> : <p>{t('cluster.loadFailed')}</p>}
        {error === null ? <p>{t('app.connecting')}</p> : <p className="dim">{error.message}</p>}
        {error !== null && (
          <Button onClick={() => void client.invalidateQueries({ queryKey: CLUSTER_KEY })}>{t('common.retry')}</Button>
        )}
      </div>
    );
  return (
    <div className="cluster-page">
      <div className="page-head">
        <h1>{t('cluster.title')}</h1>
        <HeardAt heardAtMs={heardAtMs} />
        <span className="grow" />
        <Govern status={status} mayAct={mayAct} />
        <Switchover status={status} mayAct={mayAct} />
      </div>
      <Verdict verdict={status.ifMasterDied} paused={(status.pause ?? null) !== null} stale={stale} heardAtMs={heardAtMs} />
      {!stale && <SiteLoss loss={status.siteLoss} />}
      {!stale && <Notices status={status} mayAct={mayAct} />}
      {nodesOut(status).map((node) => (
        <RecoverPanel key={node.name} node={node} mayAct={mayAct} onAsk={() => setAsking(node.name)} />
      ))}
      <div className="cluster-grid">
        <Topology status={status} stale={stale} />
        <div className={stale ? 'cluster-side stale' : 'cluster-side'}>
          <Alarms alarms={status.alarms} />
          <LastFence fence={status.lastFence} />
          <Facts status={status} />
        </div>
      </div>
      {status.nodes.map((node) => (
        <RecoverReport key={node.name} node={node} />
      ))}
      <LagCharts master={status.master} />
      <TakeOvers />
      <Fences last={status.lastFence} />
      <History status={status} />
      {asking !== null && <RecoverDialog node={asking} onClose={() => setAsking(null)} />}
    </div>
  );
}
