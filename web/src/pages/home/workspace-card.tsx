import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { Card } from '../../parts/card.tsx';
import { type Fact, Facts } from '../../parts/facts.tsx';
import { useMembership } from '../../session.ts';

/** What workspace this is, for whoever has just joined it. */
export default function WorkspaceCard() {
  const { t } = useTranslation(['home', 'common']);
  const { number, date } = useFormat();
  const membership = useMembership();
  const { data: overview } = useApi('workspace.overview', {});
  if (membership === undefined) return null;
  const slug = membership.workspace.slug;
  const facts: Fact[] = [
    { term: t('workspace.role'), value: t(`common:roles.${membership.role}`) },
    {
      term: t('workspace.members'),
      value: (
        <Link to={`/w/${slug}/settings/members`}>
          {overview === undefined ? '–' : number(overview.members)}
        </Link>
      ),
    },
    { term: t('workspace.slug'), value: slug, mono: true },
    { term: t('workspace.time_zone'), value: membership.workspace.time_zone },
    {
      term: t('workspace.created'),
      value: overview === undefined ? '–' : date(overview.created_at),
    },
  ];
  return (
    <Card title={t('workspace.title')}>
      <Facts facts={facts} />
    </Card>
  );
}
