import { ActionIcon, Button, Menu, Select, Tooltip, VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';
import { useContext } from 'react';
import { useTranslation } from 'react-i18next';
import { urlOf } from '../../../../src/contract/client.ts';
import { LOG_LEVELS, type LogLevel } from '../../../../src/contract/run-words.ts';
import { WorkspaceScope } from '../../api.ts';
import { copyText } from '../../clipboard.ts';
import { CopyIcon, DoneIcon, ExportIcon, MoreIcon, ToEndIcon, ToStartIcon, WrapIcon } from '../../icons.ts';
import { useUrlState } from '../../use-url-state.ts';
import { toastDone } from '../toasts.tsx';
import { withoutAnsi } from './ansi.ts';
import { TIME_FORMATS, type TimeFormat } from './log-time.ts';
import css from './log-viewer.module.css';
import type { LogViewerProps } from './props.ts';
import type { Find } from './use-find.ts';
import type { OpenLog } from './use-log.ts';

interface ToolbarProps extends LogViewerProps {
  level: LogLevel;
  open: OpenLog;
  find: Find;
  wrap: boolean;
  setWrap: (on: boolean) => void;
  times: TimeFormat;
  setTimes: (format: TimeFormat) => void;
  time: (at: string) => string;
}

export function LogToolbar(props: ToolbarProps) {
  const { level, open, find } = props;
  const { t } = useTranslation('runs');
  const [, change] = useUrlState();
  const { log, following, follow, goTo } = open;
  return (
    <div className={css.toolbar}>
      {log.open && (
        <Button
          variant={following ? 'light' : 'default'}
          aria-pressed={following}
          onClick={() => (following ? follow(false) : goTo('end'))}
        >
          {t('log.follow')}
        </Button>
      )}
      <Select
        className={css.level}
        aria-label={t('log.level')}
        data={LOG_LEVELS.map(value => ({
          value,
          label:
            value === 'trace' ? t('log.all_levels') : t('log.from_level', { level: t(`levels.${value}`) }),
        }))}
        value={level}
        allowDeselect={false}
        onChange={value => change({ level: value === 'trace' ? null : value }, { replace: true })}
      />
      <Button onClick={() => find.go({ level: 'error' }, 0)}>{t('log.first_error')}</Button>
      <div className={css.tools}>
        <Tool label={t('log.to_start')} onClick={() => goTo('start')}>
          <ToStartIcon size={16} aria-hidden="true" />
        </Tool>
        <Tool label={t('log.to_end')} onClick={() => goTo('end')}>
          <ToEndIcon size={16} aria-hidden="true" />
        </Tool>
        <More {...props} />
      </div>
    </div>
  );
}

function Tool({ label, onClick, children }: { label: string; onClick: () => void; children: ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

/** How it looks, and how to take it along. */
function More(props: ToolbarProps) {
  const { task_id, attempt, open, wrap, setWrap, times, setTimes, time } = props;
  const { t } = useTranslation('runs');
  const workspace = useContext(WorkspaceScope);
  const copy = async (with_times: boolean) => {
    const lines = open.log.lines.map(line => {
      const text = withoutAnsi(line.text);
      return with_times ? `${times === 'none' ? line.at : time(line.at)} ${text}` : text;
    });
    if (await copyText(lines.join('\n'))) toastDone({ message: t('log.copied', { count: lines.length }) });
  };
  const download = (format: 'text' | 'ndjson') =>
    urlOf('logs.download', { params: { id: task_id }, query: { attempt, format, workspace } });
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={t('log.more')}>
          <MoreIcon size={16} aria-hidden="true" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<WrapIcon size={15} />}
          rightSection={wrap && <DoneIcon size={14} aria-hidden="true" />}
          onClick={() => setWrap(!wrap)}
        >
          {t('log.wrap')}
          {wrap && <VisuallyHidden> {t('log.chosen')}</VisuallyHidden>}
        </Menu.Item>
        <Menu.Divider />
        {TIME_FORMATS.map(format => (
          <Menu.Item
            key={format}
            rightSection={times === format && <DoneIcon size={14} aria-hidden="true" />}
            onClick={() => setTimes(format)}
          >
            {t(`log.times.${format}`)}
            {times === format && <VisuallyHidden> {t('log.chosen')}</VisuallyHidden>}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<CopyIcon size={15} />} onClick={() => void copy(true)}>
          {t('log.copy_with_times')}
        </Menu.Item>
        <Menu.Item leftSection={<CopyIcon size={15} />} onClick={() => void copy(false)}>
          {t('log.copy_without_times')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item component="a" href={download('text')} download leftSection={<ExportIcon size={15} />}>
          {t('log.download_text')}
        </Menu.Item>
        <Menu.Item component="a" href={download('ndjson')} download leftSection={<ExportIcon size={15} />}>
          {t('log.download_ndjson')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
