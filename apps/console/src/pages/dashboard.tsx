import '../operations.js';
import '../styles/dashboards.css';
import { Button, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type DashboardBody, DashboardBodySchema } from '@yosugara/protocol';
import { type ReactNode, useEffect, useMemo } from 'react';
import { Link, useParams } from 'react-router';
import { settingsApi } from '../api/settings.js';
import { BoardGrid } from '../components/board/board.js';
import { BoardContext } from '../components/board/board-context.js';
import { spanOf } from '../components/board/board-model.js';
import { BoardEditor, useBoardDraft } from '../components/board/editor.js';
import { TimeRange } from '../components/board/time-range.js';
import { useKiosk } from '../components/board/use-kiosk.js';
import { Failed } from '../components/failed.js';
import { type KeyLine, usePageKeys } from '../components/key-registry.js';
import { useKeys } from '../components/use-keys.js';
import { useMe } from '../components/use-me.js';
import { useNow } from '../components/use-now.js';
import { usePageAddress } from '../components/use-page-address.js';
import { clockTime, setPageTimeZone, timeZoneName, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';

/** A wall display follows what somebody changes elsewhere. */
const LOOK_EVERY_MS = 30_000;
const KEYS: readonly KeyLine[] = [
  ['e', '', 'board.keyEdit'],
  ['f', 'Esc', 'board.keyKiosk'],
];

function Clock() {
  const now = useNow(1_000);
  return (
    <span className="tabular board-clock">
      {clockTime(new Date(now))} <span className="dim small">{timeZoneName()}</span>
    </span>
  );
}

interface ShownProps {
  readonly body: DashboardBody;
  readonly isEditing: boolean;
  readonly children: ReactNode;
}

/** Its head, and the time and zone that all its widgets have. */
function Shown({ body, isEditing, children }: ShownProps) {
  const { t } = useText();
  const { may } = useMe();
  const { address, put } = usePageAddress();
  const kiosk = useKiosk();
  const span = useMemo(() => spanOf(address, body.range), [address, body.range]);
  const board = useMemo(() => ({ span, refreshMs: body.refreshS * 1_000, isEditing }), [span, body.refreshS, isEditing]);
  // Before anything is drawn with a time in it.
  setPageTimeZone(body.timeZone);
  useEffect(() => {
    // Again: whoever showed it before has taken back theirs by now.
    setPageTimeZone(body.timeZone);
    return () => setPageTimeZone(null);
  }, [body.timeZone]);
  usePageKeys(KEYS);
  const edit = () => !isEditing && may('dashboard', 'modify') && put({ edit: '1', kiosk: null });
  useKeys({ ...(isEditing ? {} : { e: edit, f: kiosk.enter }), ...(kiosk.isOn ? { Escape: kiosk.leave } : {}) });
  return (
    <div className="board-page" data-testid="dashboard-page">
      <div className="page-head">
        <h1 className="clip">{visible(body.name)}</h1>
        {!kiosk.isOn && (
          <Link to="/dashboards" className="small nowrap">
            {t('board.list')}
          </Link>
        )}
        <span className="grow" />
        {(kiosk.isOn || body.timeZone !== null) && <Clock />}
        {!kiosk.isOn && <TimeRange span={span} usual={body.range} put={put} />}
        {!isEditing && !kiosk.isOn && (
          <>
            <Button size="xs" variant="default" onClick={kiosk.enter} data-testid="board-kiosk">
              {t('board.kiosk')}
            </Button>
            <Button size="xs" variant="default" disabled={!may('dashboard', 'modify')} onClick={edit} data-testid="board-edit">
              {t('board.editBoard')}
            </Button>
          </>
        )}
        {kiosk.isOn && (
          <button type="button" className="widget-button kiosk-leave" onClick={kiosk.leave} data-testid="kiosk-leave">
            {t('board.leaveKiosk')}
          </button>
        )}
      </div>
      <BoardContext value={board}>{children}</BoardContext>
    </div>
  );
}

function Waiting({ error }: { readonly error: Error | null }) {
  const { t } = useText();
  return (
    <div className="blank" role="status">
      <h1>{t('settingKind.dashboard')}</h1>
      {error === null ? <Loader /> : <Failed error={error} />}
      {error !== null && <Link to="/dashboards">{t('board.list')}</Link>}
    </div>
  );
}

function Viewed({ id }: { readonly id: string }) {
  const { t } = useText();
  const found = useQuery({
    queryKey: ['settings', 'one', 'dashboard', id],
    queryFn: ({ signal }) => settingsApi.show('dashboard', id, signal),
    refetchInterval: LOOK_EVERY_MS,
  });
  const body = useMemo(() => DashboardBodySchema.safeParse(found.data?.body).data, [found.data]);
  if (body === undefined) return <Waiting error={found.error} />;
  return (
    <Shown body={body} isEditing={false}>
      {body.widgets.length === 0 && <div className="empty">{t('board.empty')}</div>}
      <BoardGrid widgets={body.widgets} />
    </Shown>
  );
}

function Edited({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const { editing, error } = useBoardDraft(id);
  if (editing === null) return <Waiting error={error} />;
  return (
    <Shown body={editing.doc.body} isEditing>
      <BoardEditor editing={editing} onClose={onClose} />
    </Shown>
  );
}

/** One dashboard: looked at, on a wall, or edited; the address says which, and what time. */
export function DashboardPage() {
  const { id = '' } = useParams();
  const { may } = useMe();
  const { address, put } = usePageAddress();
  const isEditing = address.get('edit') === '1' && may('dashboard', 'modify');
  return isEditing ? <Edited key={id} id={id} onClose={() => put({ edit: null })} /> : <Viewed key={id} id={id} />;
}
