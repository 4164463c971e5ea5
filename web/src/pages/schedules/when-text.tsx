import type { Schedule } from '../../../../src/contract/schedules.ts';
import { TimeZone } from '../../time-zone.ts';
import { useWhenWords, type When } from './use-when-words.ts';

/** When it fires, in words and by the clock of its own zone; the expression itself where no words fit, and on hover. */
export function WhenText({ schedule }: { schedule: When & Pick<Schedule, 'effective_time_zone'> }) {
  return (
    <TimeZone value={schedule.effective_time_zone}>
      <Words when={schedule} />
    </TimeZone>
  );
}

function Words({ when }: { when: When }) {
  const { text, is_expression } = useWhenWords()(when);
  if (is_expression)
    return (
      <span className="mono" translate="no">
        {text}
      </span>
    );
  return <span title={when.cron ?? undefined}>{text}</span>;
}
