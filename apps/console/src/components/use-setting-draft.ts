import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { SettingKind, SettingView } from '@yosugara/protocol';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Problem } from '../api/client.js';
import { drafts } from '../api/drafts.js';
import { settingsApi } from '../api/settings.js';
import { begun, done, redone, type Undoable, undone } from './undo-model.js';

const LOOK_EVERY_MS = 15_000;
const KEEP_AFTER_MS = 300;
const JUDGE_AFTER_MS = 250;

/** A setting as an editor of its own holds it: all that is saved. */
export interface SettingDoc<Body> {
  readonly id: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly ownerRole: string;
  readonly body: Body;
}

export const docOf = <Body>({ id, description, enabled, ownerRole, body }: SettingView): SettingDoc<Body> => ({
  ...{ id, description, enabled, ownerRole },
  body: body as Body,
});

interface Held<Body> {
  readonly doc: Undoable<SettingDoc<Body>>;
  /** As it is stored, at `revision`; null = it is new. */
  readonly base: SettingDoc<Body> | null;
  readonly revision: number | null;
}

export interface SettingEditing<Body> {
  readonly doc: SettingDoc<Body>;
  readonly base: SettingDoc<Body> | null;
  readonly revision: number | null;
  readonly isChanged: boolean;
  readonly mayUndo: boolean;
  readonly mayRedo: boolean;
  readonly problems: readonly Problem[];
  /** Somebody else saved it meanwhile. */
  readonly theirs: SettingView | null;
  readonly change: (next: SettingDoc<Body>, name?: string) => void;
  readonly edit: (change: (body: Body) => Body, name?: string) => void;
  readonly undo: () => void;
  readonly redo: () => void;
  /** Everything as it is stored; undo brings mine back. */
  readonly takeTheirs: () => void;
  /** Mine are changes of theirs from now on. */
  readonly keepMine: () => void;
  readonly saved: (revision: number) => void;
  readonly refuse: (problems: readonly Problem[]) => void;
  readonly lookAgain: () => void;
  /** What was begun is to be found by nobody. */
  readonly forget: () => void;
}

const keyOf = (kind: SettingKind, id: string | null) => `${kind} ${id ?? '+'}`;

function kept<Body>(kind: SettingKind, id: string | null): Held<Body> | null {
  try {
    const text = drafts.get(keyOf(kind, id));
    if (text === null) return null;
    const { doc, base, revision } = JSON.parse(text) as {
      doc: SettingDoc<Body>;
      base: SettingDoc<Body> | null;
      revision: number | null;
    };
    return { doc: done(begun(base ?? doc), doc), base, revision };
  } catch {
    return null;
  }
}

interface DraftOptions<Body> {
  readonly kind: SettingKind;
  /** null = a new one. */
  readonly id: string | null;
  /** What a new one begins with. */
  readonly empty: () => SettingDoc<Body>;
  /** What is wrong with it, before the manager is asked. The same function at every call. */
  readonly judge: (body: Body) => readonly Problem[];
}

/** One setting with its steps; what was begun outlives the page. */
export function useSettingDraft<Body>({ kind, id, empty, judge }: DraftOptions<Body>): {
  readonly editing: SettingEditing<Body> | null;
  readonly error: Error | null;
} {
  const client = useQueryClient();
  const found = useQuery({
    queryKey: ['settings', 'draft', kind, id],
    queryFn: ({ signal }) => settingsApi.show(kind, id ?? '', signal),
    enabled: id !== null,
    refetchInterval: LOOK_EVERY_MS,
    gcTime: 0,
  });
  const [held, setHeld] = useState<Held<Body> | null>(
    () => kept<Body>(kind, id) ?? (id === null ? { doc: begun(empty()), base: null, revision: null } : null),
  );
  const [refused, setRefused] = useState<readonly Problem[]>([]);
  const stored = found.data ?? null;
  const isChanged = held !== null && (held.base === null ? held.doc.past.length > 0 : held.doc.now !== held.base);
  useEffect(() => {
    if (stored === null) return;
    // Whoever changed nothing goes on with what there is.
    setHeld((now) => {
      if (now === null || (now.doc.now === now.base && now.revision !== stored.revision)) {
        const doc = docOf<Body>(stored);
        return { doc: begun(doc), base: doc, revision: stored.revision };
      }
      return now;
    });
  }, [stored]);
  const now = held?.doc.now;
  useEffect(() => {
    if (held === null) return;
    const keep = () => {
      clearTimeout(timer);
      if (!isChanged) drafts.drop(keyOf(kind, id));
      else drafts.set(keyOf(kind, id), JSON.stringify({ doc: held.doc.now, base: held.base, revision: held.revision }));
    };
    const timer = setTimeout(keep, KEEP_AFTER_MS);
    // Whoever leaves in the middle of a word finds it again.
    window.addEventListener('pagehide', keep);
    return () => {
      clearTimeout(timer);
      window.removeEventListener('pagehide', keep);
    };
  }, [held, kind, id, isChanged]);
  const mistakes = useMistakes(now?.body, judge);
  const put = (change: (before: Held<Body>) => Held<Body>) => {
    setRefused([]);
    setHeld((before) => (before === null ? null : change(before)));
  };
  const change = (next: SettingDoc<Body>, name?: string) =>
    put((before) => ({ ...before, doc: done(before.doc, next, name ?? null) }));
  const lookAgain = () => void found.refetch();
  const editing: SettingEditing<Body> | null =
    held === null || now === undefined
      ? null
      : {
          ...{ doc: now, base: held.base, revision: held.revision, isChanged, change, lookAgain },
          ...{ mayUndo: held.doc.past.length > 0, mayRedo: held.doc.future.length > 0 },
          problems: mistakes.length > 0 ? mistakes : refused,
          theirs: stored !== null && held.revision !== null && stored.revision > held.revision && isChanged ? stored : null,
          edit: (make, name) =>
            put((before) => {
              const body = make(before.doc.now.body);
              return body === before.doc.now.body
                ? before
                : { ...before, doc: done(before.doc, { ...before.doc.now, body }, name ?? null) };
            }),
          undo: () => put((before) => ({ ...before, doc: undone(before.doc) })),
          redo: () => put((before) => ({ ...before, doc: redone(before.doc) })),
          takeTheirs: () =>
            stored !== null &&
            put((before) => {
              const doc = docOf<Body>(stored);
              return { doc: done(before.doc, doc), base: doc, revision: stored.revision };
            }),
          keepMine: () =>
            stored !== null && put((before) => ({ ...before, base: docOf<Body>(stored), revision: stored.revision })),
          saved: (revision) => {
            drafts.drop(keyOf(kind, id));
            put((before) => ({ doc: { ...before.doc, last: null }, base: before.doc.now, revision }));
            void client.invalidateQueries({ queryKey: ['settings'] });
          },
          refuse: setRefused,
          forget: () => drafts.drop(keyOf(kind, id)),
        };
  return { editing, error: held === null ? found.error : null };
}

/** Judged when the typing pauses: a setting can be large. */
function useMistakes<Body>(body: Body | undefined, judged: (body: Body) => readonly Problem[]): readonly Problem[] {
  const [found, setFound] = useState<readonly Problem[]>([]);
  const isFirst = useRef(true);
  useEffect(() => {
    if (body === undefined) return;
    const judge = () => setFound(judged(body));
    if (isFirst.current) {
      isFirst.current = false;
      return judge();
    }
    const timer = setTimeout(judge, JUDGE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [body, judged]);
  return useMemo(() => found, [found]);
}
