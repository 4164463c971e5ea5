import { Button, Skeleton } from '@mantine/core';
import { useContext, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { LOG_LEVELS } from '../../../../src/contract/run-words.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { DownIcon } from '../../icons.ts';
import { logTimes, logWraps, rememberLogTimes, rememberLogWraps } from '../../preferences.ts';
import { TimeZone } from '../../time-zone.ts';
import { changeUrlState, formatUrlState } from '../../url-state.ts';
import { useUrlState } from '../../use-url-state.ts';
import { EmptyState } from '../empty-state.tsx';
import { ProblemNotice } from '../problem-notice.tsx';
import { FindBar } from './find-bar.tsx';
import { LineDialog } from './line-dialog.tsx';
import { LogList } from './log-list.tsx';
import { type LogRow, plainSearch } from './log-rows.ts';
import { TIME_FORMATS, timeWriter } from './log-time.ts';
import { LogToolbar } from './log-toolbar.tsx';
import css from './log-viewer.module.css';
import type { LogViewerProps } from './props.ts';
import { useFind } from './use-find.ts';
import { type OpenLog, useLog } from './use-log.ts';

/** The log of an attempt, however long: what is chosen of it (line, level, search) is in the address. */
export function LogViewer(props: LogViewerProps) {
  const { task_id, attempt } = props;
  const { t } = useTranslation('runs');
  const zone = useContext(TimeZone);
  const [state, change] = useUrlState();
  const named = numberIn(state.line);
  const level = LOG_LEVELS.find(one => one === state.level) ?? 'trace';
  const only = state.only === undefined ? undefined : state.find;
  const top = useRef<number>(undefined);
  const open = useLog({ task_id, attempt, level, ...(only !== undefined && { only }) }, () => {
    if (top.current === undefined) return named ?? props.begin;
    // Other lines than before, but around the same place.
    return open.following ? 'end' : top.current;
  });
  const found = useFind(open);
  const [wrap, setWrap] = useState(logWraps);
  const [times, setTimes] = useState(() => TIME_FORMATS.find(one => one === logTimes()) ?? 'local');
  const [details, setDetails] = useState<LogRow>();
  const time = useMemo(() => timeWriter(times, zone, props.started_at), [times, zone, props.started_at]);
  const hrefOf = (n: number) =>
    formatUrlState(changeUrlState({ ...state, attempt: String(attempt) }, { line: String(n + 1) }));
  const { log, problem, loading } = open;
  return (
    <section
      className={css.viewer}
      aria-label={t('log.title')}
      aria-busy={(loading && log.lines.length === 0) || undefined}
    >
      <LogToolbar
        {...props}
        level={level}
        open={open}
        find={found}
        wrap={wrap}
        setWrap={on => {
          setWrap(on);
          rememberLogWraps(on);
        }}
        times={times}
        setTimes={format => {
          setTimes(format);
          rememberLogTimes(format);
        }}
        time={time}
      />
      <FindBar find={found} top={() => top.current ?? 0} />
      {problem !== undefined && (
        <ProblemNotice problem={problem} retry={() => open.goTo(named ?? props.begin)} />
      )}
      {log.lines.length === 0 ? (
        <Nothing open={open} filtered={level !== 'trace' || only !== undefined} />
      ) : (
        <LogList
          open={open}
          label={t('log.lines_of', { name: props.name })}
          wrap={wrap}
          time={time}
          hrefOf={hrefOf}
          marked={found.hit ?? named}
          search={plainSearch(state.find)}
          onLine={n => change({ line: String(n + 1), attempt: String(attempt) }, { replace: true })}
          onDetails={setDetails}
          onTop={n => {
            top.current = n;
          }}
        />
      )}
      <Foot open={open} />
      {details !== undefined && (
        <LineDialog
          line={details.line}
          task_id={task_id}
          attempt={attempt}
          href={hrefOf(details.line.n)}
          onClose={() => setDetails(undefined)}
        />
      )}
    </section>
  );
}

/** Lines are counted from one where people see them. */
function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,11}$/.test(text) ? Number(text) - 1 : undefined;
}

function Nothing({ open, filtered }: { open: OpenLog; filtered: boolean }) {
  const { t } = useTranslation('runs');
  const { log, loading, problem } = open;
  if (problem !== undefined) return <div className={css.blank} />;
  if (loading || log.after !== null || log.before !== null)
    return (
      <div className={css.blank}>
        <Skeleton height={12} width="70%" />
        <Skeleton height={12} width="45%" />
        <Skeleton height={12} width="60%" />
      </div>
    );
  const words = filtered ? t('log.none_match') : log.open ? t('log.none_yet') : t('log.none');
  return (
    <div className={css.blank}>
      <EmptyState title={words} />
    </div>
  );
}

/** How much there is of it, whether it grows, and what came while one read elsewhere. */
function Foot({ open }: { open: OpenLog }) {
  const { t } = useTranslation('runs');
  const { number } = useFormat();
  const { log, following, goTo } = open;
  const said = [
    t('log.count', { count: log.total, shown: number(log.total) }),
    log.dropped > 0 ? t('log.dropped', { count: log.dropped, shown: number(log.dropped) }) : undefined,
    log.open ? (following ? t('log.following') : t('log.open')) : t('log.closed'),
  ];
  return (
    <div className={css.foot}>
      <p className="small faint figures">{said.filter(part => part !== undefined).join(' · ')}</p>
      <div role="status" className={css.news}>
        {log.unseen > 0 && (
          <Button
            size="compact-xs"
            variant="light"
            leftSection={<DownIcon size={13} />}
            onClick={() => goTo('end')}
          >
            {t('log.unseen', { count: log.unseen, shown: number(log.unseen) })}
          </Button>
        )}
      </div>
    </div>
  );
}
