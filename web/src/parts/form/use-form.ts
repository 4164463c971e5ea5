import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Problem } from '../../../../src/contract/errors.ts';
import { fieldProblems, toProblem } from '../../problems.ts';
import type { Versioned } from './draft.ts';
import { type Field, type FieldValue, missingFields, type Values } from './field.ts';
import { type Difference, isSameValues, mergeEdits } from './merge.ts';
import { useDraftKey, useFoundDraft, useKeptDraft } from './use-draft.ts';

export interface FormOptions<V extends Values> {
  fields: readonly Field<V>[];
  initial: V;
  /** The version that `initial` was read at; goes with the change as If-Match. */
  version?: number;
  run: (values: V, version: number) => Promise<unknown>;
  /** Reads the object again when somebody else saved first, so that the difference can be shown. */
  reload?: () => Promise<Versioned<V>>;
  onDone?: () => void;
  /** Keeps what is typed in the browser, under this name, until it is saved or discarded. Not for forms with passwords. */
  draft?: string;
}

interface Conflict<V extends Values> {
  theirs: Versioned<V>;
  differences: Difference[];
}

/** What a form knows: what is typed, what was there, what the server thinks of it. */
export function useForm<V extends Values>(options: FormOptions<V>) {
  const { fields, initial, run, reload, onDone } = options;
  const { t } = useTranslation();
  const current: Versioned<V> = { values: initial, version: options.version ?? 0 };
  const key = useDraftKey(fields.some(field => field.kind === 'password') ? undefined : options.draft);
  const found = useFoundDraft(key, initial);
  const [base, setBase] = useState(found?.base ?? current);
  const [values, setValues] = useState(found?.values ?? initial);
  const [restored, setRestored] = useState(found !== undefined);
  const [missing, setMissing] = useState<string[]>([]);
  const [problem, setProblem] = useState<Problem>();
  const [conflict, setConflict] = useState<Conflict<V>>();
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const dirty = !isSameValues(base.values, values);

  useKeptDraft(key, { base, values });

  const begin = (from: Versioned<V>) => {
    setBase(from);
    setValues(from.values);
    setRestored(false);
  };
  // What somebody else saved shows at once where nothing was typed; otherwise the version will tell on saving.
  const incoming = JSON.stringify([initial, options.version]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text stands for the values in it
  useEffect(() => {
    if (!dirty) begin(current);
  }, [incoming]);

  const errors = useMemo(() => {
    const said =
      problem === undefined ? { fields: {}, rest: [] } : fieldProblems(problem, namesOf(fields), t);
    const required = Object.fromEntries(missing.map(name => [name, t('form.required')]));
    return { fields: { ...said.fields, ...required } as Record<string, string>, rest: said.rest };
  }, [problem, fields, missing, t]);

  // After a refusal the person stands at the first field to correct.
  useEffect(() => {
    if (Object.keys(errors.fields).length === 0) return;
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [errors]);

  const send = async (wanted: V, version: number) => {
    setBusy(true);
    setProblem(undefined);
    setConflict(undefined);
    try {
      await run(wanted, version);
      begin({ values: wanted, version });
      onDone?.();
    } catch (error) {
      const refused = toProblem(error);
      if (refused.code === 'version.conflict' && reload !== undefined) {
        const theirs = await reload();
        setConflict({ theirs, differences: mergeEdits(base.values, wanted, theirs.values).differences });
      } else setProblem(refused);
    } finally {
      setBusy(false);
    }
  };

  return {
    form,
    values,
    errors,
    problem,
    conflict,
    busy,
    dirty,
    /** What is in the form was typed on an earlier visit. */
    restored,
    keepsDraft: key !== undefined,
    set: (name: keyof V & string, value: FieldValue) => {
      setValues(current => ({ ...current, [name]: value }));
      setMissing(current => current.filter(other => other !== name));
    },
    submit: () => {
      const empty = missingFields(fields as readonly Field[], values);
      setMissing(empty);
      if (empty.length === 0) void send(values, base.version);
    },
    reset: () => {
      // Not to what was there once: somebody may have saved since.
      begin(current);
      setProblem(undefined);
      setMissing([]);
    },
    keepMine: () => {
      if (conflict === undefined) return;
      void send(mergeEdits(base.values, values, conflict.theirs.values).merged, conflict.theirs.version);
    },
    takeTheirs: () => {
      if (conflict !== undefined) begin(conflict.theirs);
      setConflict(undefined);
    },
    closeConflict: () => setConflict(undefined),
  };
}

export type FormState<V extends Values> = ReturnType<typeof useForm<V>>;

function namesOf(fields: readonly { name: string }[]): string[] {
  return fields.map(field => field.name);
}
