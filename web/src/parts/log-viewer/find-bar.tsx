import { ActionIcon, Checkbox, TextInput, Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/use-format.ts';
import { DownIcon, SearchIcon, UpIcon } from '../../icons.ts';
import { useUrlState } from '../../use-url-state.ts';
import { ProblemNotice } from '../problem-notice.tsx';
import css from './log-viewer.module.css';
import type { Find } from './use-find.ts';

/** A regular expression, looked for by the server: Enter is the next line that matches, with Shift the one before. */
export function FindBar({ find, top }: { find: Find; top: () => number }) {
  const { t } = useTranslation('runs');
  const { number } = useFormat();
  const [state, change] = useUrlState();
  const asked = state.find ?? '';
  const [text, setText] = useState(asked);
  useEffect(() => setText(asked), [asked]);
  const go = (back: boolean) => {
    if (text !== asked) change({ find: text }, { replace: true });
    if (text === '') return find.reset();
    const from = find.hit === undefined ? top() : back ? find.hit : find.hit + 1;
    find.go({ search: text, back }, from);
  };
  const said = {
    idle: '',
    busy: t('log.find.busy'),
    none: t('log.find.none'),
    found: t('log.find.found', { n: number((find.hit ?? 0) + 1) }),
    wrapped: t('log.find.wrapped', { n: number((find.hit ?? 0) + 1) }),
  };
  return (
    <>
      <search className={css.find}>
        <TextInput
          type="search"
          className={css.findField}
          aria-label={t('log.find.label')}
          placeholder={t('log.find.label')}
          leftSection={<SearchIcon size={14} />}
          spellCheck={false}
          maxLength={500}
          value={text}
          onChange={event => {
            setText(event.currentTarget.value);
            find.reset();
          }}
          onBlur={() => text !== asked && change({ find: text }, { replace: true })}
          onKeyDown={event => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            go(event.shiftKey);
          }}
        />
        <Tooltip label={t('log.find.previous')}>
          <ActionIcon aria-label={t('log.find.previous')} disabled={text === ''} onClick={() => go(true)}>
            <UpIcon size={16} aria-hidden="true" />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={t('log.find.next')}>
          <ActionIcon aria-label={t('log.find.next')} disabled={text === ''} onClick={() => go(false)}>
            <DownIcon size={16} aria-hidden="true" />
          </ActionIcon>
        </Tooltip>
        <Checkbox
          label={t('log.find.only')}
          disabled={text === ''}
          checked={state.only !== undefined && asked !== ''}
          onChange={event =>
            change({ find: text, only: event.currentTarget.checked ? '1' : null }, { replace: true })
          }
        />
        <span role="status" className="small dim figures">
          {said[find.state]}
        </span>
      </search>
      {find.problem !== undefined && <ProblemNotice problem={find.problem} />}
    </>
  );
}
