import '../operations.js';
import { Alert, Button, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { NodeBody, SettingView } from '@yosugara/protocol';
import { type ReactNode, useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { operationsApi } from '../api/operations.js';
import { settingsApi } from '../api/settings.js';
import { EnableSwitch } from '../components/enable-switch.js';
import { PriorityBadge } from '../components/priority.js';
import { SettingEditor } from '../components/setting-editor.js';
import { Time } from '../components/time.js';
import { useMe } from '../components/use-me.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';

const EVERY_MS = 5_000;

function Facts({ facts }: { readonly facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name} className="fact">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const shown = (text: string | undefined) => (text === undefined || text === '' ? '–' : visible(text));

function NodeFacts({ setting }: { readonly setting: SettingView }) {
  const { t } = useText();
  const body = setting.body as NodeBody;
  const secret = (place: string) => t(setting.hasSecret.includes(place) ? 'node2.set' : 'node2.notSet');
  const { snmp, ssh } = body;
  const variables = Object.entries(body.variables ?? {});
  return (
    <>
      <section className="panel" aria-label={t('node2.about')} data-testid="node-about">
        <h2>{t('node2.about')}</h2>
        <Facts
          facts={[
            [
              t('node2.addresses'),
              <span key="a" className="mono">
                {body.addresses.length === 0 ? '–' : body.addresses.join(' ')}
              </span>,
            ],
            [t('node2.hostNames'), shown(body.hostNames.join(' '))],
            [
              t('node2.scopes'),
              body.scopes.length === 0
                ? '–'
                : body.scopes.map((scope) => (
                    <Link key={scope} to={`/repository?scope=${encodeURIComponent(scope)}`} className="node-scope">
                      {scope}
                    </Link>
                  )),
            ],
            [
              t('node2.platform'),
              `${named(t, 'choice', body.platform)}${body.os?.name === undefined ? '' : ` · ${visible(body.os.name)} ${visible(body.os.release ?? '')}`}`,
            ],
            [t('node2.administrator'), shown([body.administrator, body.contact].filter(Boolean).join(' · '))],
            ...variables.map(([name, value]) => [`#[${name}]`, visible(value)] as const),
          ]}
        />
      </section>
      <section className="panel" aria-label="SNMP" data-testid="node-snmp">
        <h2>SNMP</h2>
        <Facts
          facts={
            snmp === undefined
              ? [[t('node2.version'), t('node2.usual')]]
              : [
                  [t('node2.version'), `${snmp.version} · ${snmp.port}`],
                  ...(snmp.version === 'v3'
                    ? ([
                        [t('node2.user'), shown(snmp.user)],
                        [t('node2.level'), `${snmp.level} · ${snmp.auth} · ${snmp.priv}`],
                        [t('node2.secrets'), `${secret('snmp.authSecret')} / ${secret('snmp.privSecret')}`],
                      ] as const)
                    : ([[t('node2.community'), secret('snmp.community')]] as const)),
                ]
          }
        />
        {ssh !== undefined && (
          <>
            <h2>SSH</h2>
            <Facts
              facts={[
                [t('node2.user'), `${visible(ssh.user)} · ${ssh.port}`],
                [t('node2.secrets'), `${secret('ssh.password')} / ${secret('ssh.privateKey')}`],
              ]}
            />
          </>
        )}
      </section>
    </>
  );
}

function Statuses({ id }: { readonly id: string }) {
  const { t } = useText();
  const { data, error } = useQuery({
    queryKey: ['statuses', 'node', id],
    queryFn: ({ signal }) => operationsApi.statuses(new URLSearchParams({ facility: id, limit: '50' }).toString(), signal),
    refetchInterval: EVERY_MS,
  });
  return (
    <section className="panel" aria-label={t('status.title')} data-testid="node-statuses">
      <h2>
        <Link to={`/status?facility=${encodeURIComponent(id)}`}>{t('status.title')}</Link>
      </h2>
      {error !== null && data === undefined && <p role="alert">{error.message}</p>}
      {data?.rows.length === 0 && <p className="dim">{t('status.empty')}</p>}
      <ul className="plain-list short-rows">
        {data?.rows.map((row) => (
          <li key={`${row.monitor} ${row.item} ${row.sub}`}>
            <PriorityBadge priority={row.priority} /> <strong>{visible(row.monitor)}</strong>{' '}
            <span className="dim">{visible(row.item)}</span> {visible(row.message)}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Events({ id }: { readonly id: string }) {
  const { t } = useText();
  const { data, error } = useQuery({
    queryKey: ['events', 'node', id],
    queryFn: ({ signal }) => operationsApi.events(new URLSearchParams({ facility: id, limit: '30' }).toString(), signal),
    refetchInterval: EVERY_MS,
  });
  return (
    <section className="panel" aria-label={t('events.title')} data-testid="node-events">
      <h2>
        <Link to={`/events?facility=${encodeURIComponent(id)}&state=all`}>{t('events.title')}</Link>
      </h2>
      {error !== null && data === undefined && <p role="alert">{error.message}</p>}
      {data?.rows.length === 0 && <p className="dim">{t('events.emptyNode')}</p>}
      <ul className="plain-list short-rows">
        {data?.rows.map((row) => (
          <li key={row.number} className={row.state === 'confirmed' ? 'dim' : undefined}>
            <PriorityBadge priority={row.priority} /> <Time iso={row.at} />{' '}
            <Link to={`/events?facility=${encodeURIComponent(id)}&state=all&event=${row.number}`}>{visible(row.message)}</Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** One managed host: how it is reached, how it is, what it did. */
export function NodePage() {
  const { t } = useText();
  const { id = '' } = useParams();
  const mayAct = useMe().may('repository', 'modify');
  const navigate = useNavigate();
  const [isEditing, setEditing] = useState(false);
  const { data, error } = useQuery({
    queryKey: ['settings', 'node-page', id],
    queryFn: ({ signal }) => settingsApi.show('node', id, signal),
  });
  return (
    <div className="cluster-page" data-testid="node-page">
      <div className="page-head">
        <Link to="/repository">{t('repository.title')}</Link>
        <span className="dim">›</span>
        <h1>{visible((data?.body as Partial<NodeBody> | undefined)?.name ?? id)}</h1>
        <span className="dim mono">{id}</span>
        <span className="grow" />
        {data !== undefined && (
          <>
            <EnableSwitch
              kind="node"
              setting={data}
              size="sm"
              says={(enabled) => t(enabled ? 'node2.watched' : 'node2.maintenance')}
              testId="node-enabled"
            />
            <Button
              size="compact-sm"
              variant="default"
              component={Link}
              to={`/repository/node/${encodeURIComponent(id)}/inventory`}
              data-testid="node-inventory"
            >
              {t('node2.inventory')}
            </Button>
            <Button size="compact-sm" variant="default" component={Link} to={`/graphs?facility=${encodeURIComponent(id)}`}>
              {t('graphs.title')}
            </Button>
            <Button size="compact-sm" onClick={() => setEditing(true)} data-testid="node-edit">
              {t(mayAct ? 'settings.edit' : 'settings.show')}
            </Button>
          </>
        )}
      </div>
      {error !== null && data === undefined && (
        <Alert color="red" role="alert" title={t('common.failed')}>
          {error.message}
        </Alert>
      )}
      {data === undefined && error === null && <Loader size="sm" />}
      {data?.enabled === false && <p className="notice panel">{t('node2.maintenanceHint')}</p>}
      <div className="node-panels">
        {data !== undefined && <NodeFacts setting={data} />}
        <Statuses id={id} />
        <Events id={id} />
      </div>
      {isEditing && (
        <SettingEditor
          kind="node"
          id={id}
          onClose={() => {
            setEditing(false);
            // Deleted: there is nothing to show any more.
            settingsApi
              .show('node', id)
              .catch((gone: { status?: number }) => gone.status === 404 && void navigate('/repository'));
          }}
        />
      )}
    </div>
  );
}
