import { useTranslation } from 'react-i18next';
import { useApi } from '../../api.ts';
import { Awaited } from '../../parts/awaited.tsx';
import { Card } from '../../parts/card.tsx';
import { Narrow, Stack } from '../../parts/columns.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { useMay } from '../../session.ts';
import { DeliveryTable } from './delivery-table.tsx';
import { WebhookForm } from './webhook-form.tsx';
import { WebhookTest } from './webhook-test.tsx';

export default function NotificationsPage() {
  const { t } = useTranslation(['alerts', 'common']);
  const webhook = useApi('webhook.show', {});
  const may = useMay()('alerts:edit');
  return (
    <>
      <PageHeader title={t('common:pages.notifications')} facts={t('about')} />
      <Stack>
        <Narrow>
          <Awaited query={webhook}>
            {loaded => (
              <>
                <Card title={t('webhook')}>
                  <WebhookForm webhook={loaded.webhook} locked={!may} />
                </Card>
                {may && loaded.webhook !== null && <WebhookTest webhook={loaded.webhook} />}
              </>
            )}
          </Awaited>
        </Narrow>
        <DeliveryTable />
      </Stack>
    </>
  );
}
