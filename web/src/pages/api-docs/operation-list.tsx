import { TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { SearchIcon } from '../../icons.ts';
import css from './api-docs.module.css';
import { type Api, groupOperations, type Operation } from './api-model.ts';
import { useApiWords } from './api-words.ts';
import { MethodMark } from './method-mark.tsx';

/** Everything the API can do, by subject. On a small screen it makes room for what was chosen. */
export function OperationList({ api, chosen }: { api: Api; chosen: string | undefined }) {
  const { t } = useTranslation('api_docs');
  const words = useApiWords();
  const [search, setSearch] = useState('');
  const groups = groupOperations(api.operations, search, words.summary);
  return (
    <nav className={css.list} aria-label={t('operations')}>
      <TextInput
        type="search"
        aria-label={t('search')}
        placeholder={t('search')}
        leftSection={<SearchIcon size={14} />}
        value={search}
        onChange={event => setSearch(event.currentTarget.value)}
      />
      <Link to="/api-docs" className={css.entry} activeOptions={{ exact: true }}>
        {t('overview')}
      </Link>
      {groups.length === 0 && (
        <p role="status" className="dim">
          {t('nothing_found')}
        </p>
      )}
      {groups.map(([tag, operations]) => (
        <section key={tag}>
          <h2 className={css.tag}>{words.tag(tag)}</h2>
          <ul>
            {operations.map(operation => (
              <Entry key={operation.id} operation={operation} chosen={operation.id === chosen} />
            ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}

function Entry({ operation, chosen }: { operation: Operation; chosen: boolean }) {
  const words = useApiWords();
  const line = useRef<HTMLLIElement>(null);
  // Whoever comes by an address sees where in the list it is.
  useEffect(() => {
    if (chosen) line.current?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  return (
    <li ref={line}>
      <Link to="/api-docs" search={{ operation: operation.id }} className={css.entry}>
        <MethodMark method={operation.method} />
        <span>{words.summary(operation)}</span>
      </Link>
    </li>
  );
}
