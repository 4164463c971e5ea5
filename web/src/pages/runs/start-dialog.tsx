import { Button, Select, Textarea, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Problem } from '../../../../src/contract/errors.ts';
import { type ApiInput, useApiChange } from '../../api.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { ProblemNotice } from '../../parts/problem-notice.tsx';
import { toProblem } from '../../problems.ts';
import { useMembership } from '../../session.ts';
import css from './start-dialog.module.css';

type NewTask = ApiInput<'runs.create'>['body']['tasks'][number];
type Json = NewTask['input'];

/** What can be started by hand: the kind that shows how everything behaves. Other kinds begin from their own pages. */
const KINDS = ['diagnostic'];
const EXAMPLE = JSON.stringify(
  {
    steps: [
      { do: 'log', lines: 50, per_second: 10, text: 'turning' },
      { do: 'progress', total: 200, each_ms: 50 },
    ],
  },
  null,
  2,
);

/** One task of a kind with its input; the page of the run follows. */
export function StartDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(['runs', 'common']);
  const slug = useMembership()?.workspace.slug ?? '';
  const navigate = useNavigate();
  const create = useApiChange('runs.create');
  const [title, setTitle] = useState('');
  const [kind, setKind] = useState('diagnostic');
  const [text, setText] = useState(EXAMPLE);
  const [notJson, setNotJson] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const start = async () => {
    const input = parseJson(text);
    setNotJson(input === undefined);
    if (input === undefined) return;
    try {
      const tasks = [{ name: kind, kind, input }];
      const run = await create.mutateAsync({ body: { title: title.trim() || kind, tasks } });
      await navigate({ to: `/w/${slug}/runs/${run.id}` });
    } catch (error) {
      setProblem(toProblem(error));
    }
  };
  return (
    <Dialog title={t('start.title')} onClose={onClose} wide>
      <form
        className={css.form}
        noValidate
        onSubmit={event => {
          event.preventDefault();
          void start();
        }}
      >
        {problem !== undefined && <Refused problem={problem} />}
        <Select
          label={t('start.kind')}
          data={KINDS}
          value={kind}
          allowDeselect={false}
          onChange={value => setKind(value ?? kind)}
        />
        <TextInput
          label={t('start.name')}
          placeholder={kind}
          value={title}
          maxLength={500}
          autoComplete="off"
          onChange={event => setTitle(event.currentTarget.value)}
          data-autofocus
        />
        <Textarea
          label={t('start.input')}
          description={t('start.input_text')}
          autosize
          minRows={6}
          maxRows={18}
          spellCheck={false}
          classNames={{ input: css.json }}
          value={text}
          error={notJson ? t('start.not_json') : undefined}
          onChange={event => setText(event.currentTarget.value)}
        />
        <div className={css.buttons}>
          <Button onClick={onClose}>{t('common:cancel')}</Button>
          <Button type="submit" variant="filled" loading={create.isPending}>
            {t('start.start')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Refused({ problem }: { problem: Problem }) {
  return (
    <div className={css.refused}>
      <ProblemNotice problem={problem} />
      {problem.errors.length > 0 && (
        <ul className="small" lang="en">
          {problem.errors.map(entry => (
            <li key={`${entry.path} ${entry.code}`}>
              <code>{entry.path}</code> {entry.message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
