import { Button } from '@mantine/core';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { NextIcon, PreviousIcon } from '../../icons.ts';
import css from './data-table.module.css';
import type { PagedList } from './list.ts';
import type { TableView } from './use-table-view.ts';

/** Pages by key: forward by the list's cursor, back by the way one came, to the beginning from anywhere. */
export function Pager<Row>({ list, view }: { list: PagedList<Row>; view: TableView }) {
  const { t } = useTranslation();
  const trail = useRef<(string | null)[]>([]);
  const { cursor } = view.view;
  if (cursor === null) trail.current = [];
  if (cursor === null && list.next_cursor === null) return null;
  const forward = () => {
    trail.current.push(cursor);
    view.change({ cursor: list.next_cursor });
  };
  const back = () => view.change({ cursor: trail.current.pop() ?? null });
  return (
    <nav className={css.pager} aria-label={t('table.pages')}>
      <Button variant="subtle" disabled={cursor === null} onClick={() => view.change({ cursor: null })}>
        {t('table.first_page')}
      </Button>
      <Button leftSection={<PreviousIcon size={14} />} disabled={cursor === null} onClick={back}>
        {t('table.previous_page')}
      </Button>
      <Button rightSection={<NextIcon size={14} />} disabled={list.next_cursor === null} onClick={forward}>
        {t('table.next_page')}
      </Button>
    </nav>
  );
}
