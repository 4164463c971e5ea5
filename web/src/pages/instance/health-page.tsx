import { useTranslation } from 'react-i18next';
import type { System } from '../../../../src/contract/system.ts';
import { useApi } from '../../api.ts';
import { Awaited } from '../../parts/awaited.tsx';
import { Card } from '../../parts/card.tsx';
import { Columns, Stack } from '../../parts/columns.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Facts } from '../../parts/facts.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { Tiles } from '../../parts/tiles.tsx';
import { ConfigTable } from './config-table.tsx';
import { HealthParts } from './health-parts.tsx';
import { systemReport } from './system-report.ts';
import { useTiles } from './use-tiles.ts';

const REFRESH_MS = 15_000;

export default function HealthPage() {
  const { t } = useTranslation(['instance', 'common']);
  const system = useApi('system.show', {}, { refresh_ms: REFRESH_MS });
  return (
    <>
      <PageHeader
        title={t('common:pages.health')}
        facts={t('health.about')}
        actions={
          system.data !== undefined && (
            <CopyButton text={systemReport(system.data)} label={t('health.copy')} />
          )
        }
      />
      <Awaited query={system}>{loaded => <Health system={loaded} />}</Awaited>
    </>
  );
}

function Health({ system }: { system: System }) {
  const { t } = useTranslation('instance');
  return (
    <Stack>
      <Tiles tiles={useTiles(system)} />
      <Columns>
        <HealthParts parts={system.parts} />
        <Card title={t('health.installation')}>
          <Facts
            facts={[
              { term: t('health.version'), value: system.version, mono: true },
              { term: t('health.node'), value: system.node, mono: true },
              {
                term: t('health.postgres'),
                value: t('health.postgres_version', {
                  version: system.postgres,
                  schema: system.schema_version,
                }),
                mono: true,
              },
              { term: t('health.platform'), value: system.platform, mono: true },
              { term: t('health.url'), value: system.url, mono: true },
              { term: t('health.data_folder'), value: system.data_folder, mono: true },
              { term: t('health.id'), value: system.instance_id, mono: true },
            ]}
          />
        </Card>
      </Columns>
      <ConfigTable config={system.config} />
    </Stack>
  );
}
