import { Alert, Select } from '@mantine/core';
import { Trans, useTranslation } from 'react-i18next';
import { useApi } from '../../api.ts';
import { WarningIcon } from '../../icons.ts';
import { Awaited } from '../../parts/awaited.tsx';
import { Card } from '../../parts/card.tsx';
import { CodeBlock } from '../../parts/code-block.tsx';
import { Stack } from '../../parts/columns.tsx';
import { useUrlState } from '../../use-url-state.ts';
import { ENGINES, readText } from './read-text.ts';
import type { LakeTableDetail } from './table.ts';

/** Text to copy for each engine. Leaving costs nothing: what is here is read by everybody. */
export function ReadTab({ table }: { table: LakeTableDetail }) {
  const { t } = useTranslation('lake');
  const [state, change] = useUrlState();
  const access = useApi('lake.access', {});
  const engine = ENGINES.find(one => one === state.engine) ?? 'duckdb';
  return (
    <Card
      title={t('read.title')}
      aside={
        <Select
          aria-label={t('read.engine')}
          size="xs"
          allowDeselect={false}
          value={engine}
          data={ENGINES.map(value => ({ value, label: t(`read.engines.${value}`) }))}
          onChange={value => change({ engine: value })}
        />
      }
    >
      <Awaited query={access}>
        {loaded => (
          <Stack>
            {loaded.storage === 'folder' && (
              <Alert color="warn" icon={<WarningIcon size={16} />}>
                <Trans
                  ns="lake"
                  i18nKey={engine === 'snowflake' ? 'read.never_here' : 'read.only_here'}
                  components={{ code: <code translate="no" /> }}
                />
              </Alert>
            )}
            <CodeBlock text={readText(engine, table, loaded)} label={t('read.text')} />
            <p className="small dim">{t('read.token')}</p>
          </Stack>
        )}
      </Awaited>
    </Card>
  );
}
