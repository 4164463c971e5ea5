import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { Card } from '../../parts/card.tsx';
import { type Fact, Facts } from '../../parts/facts.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { useMembership } from '../../session.ts';

/** What the lake holds, what came last, what needs care. An empty one says how to fill it. */
export default function LakeCard() {
  const { t } = useTranslation('home');
  const { number, bytes } = useFormat();
  const slug = useMembership()?.workspace.slug ?? '';
  const { data } = useApi('lake.summary', {});
  if (data === undefined) return null;
  const { tables, views, rows, newest } = data;
  const care = data.due + data.poor;
  const facts: (Fact | false)[] = [
    { term: t('lake.tables'), value: number(tables + views) },
    { term: t('lake.rows'), value: number(rows) },
    { term: t('lake.bytes'), value: bytes(data.bytes) },
    newest !== null && {
      term: t('lake.newest'),
      value: (
        <>
          <Link to={`/w/${slug}/lake/tables/${newest.id}`}>
            <bdi>
              {newest.namespace}.{newest.name}
            </bdi>
          </Link>{' '}
          <RelativeTime at={newest.committed_at} />
        </>
      ),
    },
    care > 0 && {
      term: t('lake.care'),
      value: (
        <Link to={`/w/${slug}/lake?health=${data.poor > 0 ? 'poor' : 'due'}`}>
          {t('lake.due', { count: care, tables: number(care) })}
        </Link>
      ),
    },
  ];
  return (
    <Card title={<Link to={`/w/${slug}/lake`}>{t('lake.title')}</Link>}>
      {tables + views === 0 ? (
        <p className="dim">{t('lake.empty')}</p>
      ) : (
        <Facts facts={facts.filter(fact => fact !== false)} />
      )}
    </Card>
  );
}
