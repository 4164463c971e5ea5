import { useTranslation } from 'react-i18next';
import { Tabs } from '../../parts/tabs.tsx';
import { TABS, type Tab } from './run.ts';

export function RunTabs({ current }: { current: Tab }) {
  const { t } = useTranslation('runs');
  const tabs = TABS.map(id => ({ id, label: t(`tabs.${id}`) }));
  return <Tabs label={t('tabs.label')} tabs={tabs} current={current} />;
}
