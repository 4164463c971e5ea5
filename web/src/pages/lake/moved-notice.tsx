import { Alert } from '@mantine/core';
import { Trans, useTranslation } from 'react-i18next';
import { useApi } from '../../api.ts';
import { WarningIcon } from '../../icons.ts';

/** Tables name their files by whole paths: after a move of the folder nothing is found until they are told. */
export function MovedNotice() {
  const { t } = useTranslation('lake');
  const { data } = useApi('lake.summary', {});
  if (data === undefined || data.moved_from === null) return null;
  return (
    <Alert color="warn" icon={<WarningIcon size={16} />} title={t('moved.title')} mb="md" role="status">
      <Trans
        ns="lake"
        i18nKey="moved.text"
        values={{ from: data.moved_from }}
        components={{ code: <code translate="no" /> }}
      />
    </Alert>
  );
}
