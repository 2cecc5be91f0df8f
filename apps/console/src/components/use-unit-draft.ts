import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { SettingView } from '@yosugara/protocol';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Problem } from '../api/client.js';
import { drafts } from '../api/drafts.js';
import { settingsApi } from '../api/settings.js';
import { begun, done, redone, type Undoable, undone } from './undo-model.js';
import { mistakesOf, type UnitDraft } from './unit-model.js';

const LOOK_EVERY_MS = 15_000;
const KEEP_AFTER_MS = 300;
const JUDGE_AFTER_MS = 250;

/** A unit as the editor holds it: all that is saved. */
export interface UnitDoc {
  readonly id: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly ownerRole: string;
  readonly body: UnitDraft;
}

export const docOf = ({ id, description, enabled, ownerRole, body }: SettingView): UnitDoc => ({
  ...{ id, description, enabled, ownerRole },
  body: body as UnitDraft,
});

interface Held {
  readonly doc: Undoable<UnitDoc>;
  /** As it is stored, at `revision`; null = it is new. */
  readonly base: UnitDoc | null;
  readonly revision: number | null;
}

export interface UnitEditing {
  readonly doc: UnitDoc;
  readonly base: UnitDoc | null;
  readonly revision: number | null;
  readonly isChanged: boolean;
  readonly mayUndo: boolean;
  readonly mayRedo: boolean;
  readonly problems: readonly Problem[];
  /** Somebody else saved it meanwhile. */
  readonly theirs: SettingView | null;
  readonly change: (next: UnitDoc, name?: string) => void;
  readonly edit: (change: (unit: UnitDraft) => UnitDraft, name?: string) => void;
  readonly undo: () => void;
  readonly redo: () => void;
  /** Everything as it is stored; undo brings mine back. */
  readonly takeTheirs: () => void;
  /** Mine are changes of theirs from now on. */
  readonly keepMine: () => void;
  readonly saved: (revision: number) => void;
  readonly refuse: (problems: readonly Problem[]) => void;
  readonly lookAgain: () => void;
}

const keyOf = (id: string | null) => `job-unit ${id ?? '+'}`;

function kept(id: string | null): Held | null {
  try {
    const text = drafts.get(keyOf(id));
    if (text === null) return null;
    const { doc, base, revision } = JSON.parse(text) as { doc: UnitDoc; base: UnitDoc | null; revision: number | null };
    return { doc: done(begun(base ?? doc), doc), base, revision };
  } catch {
    return null;
  }
}

export const emptyUnit = (): UnitDoc => ({
  ...{ id: '', description: '', enabled: true, ownerRole: 'operator' },
  body: { name: '', timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone, variables: {}, jobs: [], keepDays: 31 },
});

/** One unit with its steps; what was begun outlives the page. @param id null = a new one. */
export function useUnitDraft(id: string | null): { readonly editing: UnitEditing | null; readonly error: Error | null } {
  const client = useQueryClient();
  const found = useQuery({
    queryKey: ['settings', 'unit', id],
    queryFn: ({ signal }) => settingsApi.show('job-unit', id ?? '', signal),
    enabled: id !== null,
    refetchInterval: LOOK_EVERY_MS,
    gcTime: 0,
  });
  const [held, setHeld] = useState<Held | null>(
    () => kept(id) ?? (id === null ? { doc: begun(emptyUnit()), base: null, revision: null } : null),
  );
  const [refused, setRefused] = useState<readonly Problem[]>([]);
  const stored = found.data ?? null;
  const isChanged = held !== null && (held.base === null ? held.doc.past.length > 0 : held.doc.now !== held.base);
  useEffect(() => {
    if (stored === null) return;
    // Whoever changed nothing goes on with what there is.
    setHeld((now) => {
      if (now === null || (now.doc.now === now.base && now.revision !== stored.revision)) {
        const doc = docOf(stored);
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
      if (!isChanged) drafts.drop(keyOf(id));
      else drafts.set(keyOf(id), JSON.stringify({ doc: held.doc.now, base: held.base, revision: held.revision }));
    };
    const timer = setTimeout(keep, KEEP_AFTER_MS);
    // Whoever leaves in the middle of a word finds it again.
    window.addEventListener('pagehide', keep);
    return () => {
      clearTimeout(timer);
      window.removeEventListener('pagehide', keep);
    };
  }, [held, id, isChanged]);
  const mistakes = useMistakes(now?.body);
  const put = (change: (before: Held) => Held) => {
    setRefused([]);
    setHeld((before) => (before === null ? null : change(before)));
  };
  const change = (next: UnitDoc, name?: string) => put((before) => ({ ...before, doc: done(before.doc, next, name ?? null) }));
  const lookAgain = () => void found.refetch();
  const editing: UnitEditing | null =
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
              const doc = docOf(stored);
              return { doc: done(before.doc, doc), base: doc, revision: stored.revision };
            }),
          keepMine: () => stored !== null && put((before) => ({ ...before, base: docOf(stored), revision: stored.revision })),
          saved: (revision) => {
            drafts.drop(keyOf(id));
            put((before) => ({ doc: { ...before.doc, last: null }, base: before.doc.now, revision }));
            void client.invalidateQueries({ queryKey: ['settings'] });
          },
          refuse: setRefused,
        };
  return { editing, error: held === null ? found.error : null };
}

/** Judged when the typing pauses: a unit can be large. */
function useMistakes(body: UnitDraft | undefined): readonly Problem[] {
  const [judged, setJudged] = useState<readonly Problem[]>([]);
  const isFirst = useRef(true);
  useEffect(() => {
    if (body === undefined) return;
    const judge = () => setJudged(mistakesOf(body));
    if (isFirst.current) {
      isFirst.current = false;
      return judge();
    }
    const timer = setTimeout(judge, JUDGE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [body]);
  return useMemo(() => judged, [judged]);
}
