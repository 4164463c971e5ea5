import { useTranslation } from 'react-i18next';
import type { System } from '../../../../src/contract/system.ts';
import { useFormat } from '../../i18n/use-format.ts';
import type { Tile } from '../../parts/tiles.tsx';

/** The four figures that somebody looks for first. */
export function useTiles({ started_at, memory, disk }: System): Tile[] {
  const { t } = useTranslation('instance');
  const { bytes, duration, dateTime } = useFormat();
  return [
    {
      label: t('health.started'),
      // As fresh as the rest of the page, which is read again every few seconds.
      figure: duration(Date.now() - Date.parse(started_at)),
      text: t('health.since', { at: dateTime(started_at) }),
    },
    {
      label: t('health.memory'),
      figure: bytes(memory.rss_bytes),
      text: t('health.of_memory', { total: bytes(memory.total_bytes) }),
    },
    {
      label: t('health.disk'),
      figure: bytes(disk.free_bytes),
      text: t('health.of_disk', { total: bytes(disk.total_bytes) }),
    },
    { label: t('health.store'), figure: bytes(disk.store_bytes), text: t('health.store_text') },
  ];
}
