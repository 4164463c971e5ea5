import type { Calendar } from '../../../../src/contract/schedules.ts';

// A line of a calendar as the form holds it: text, because a form compares and keeps texts. Pure.

export type Blackout = Calendar['blackouts'][number];

export const BLACKOUT_KINDS = ['days', 'times', 'weekday', 'yearly'] as const;
export type BlackoutKind = (typeof BLACKOUT_KINDS)[number];

/** Whole days, or from a time to a time; a day of each week; a day of each year. */
export function kindOf(blackout: Blackout): BlackoutKind {
  if ('weekday' in blackout) return 'weekday';
  if ('yearly' in blackout) return 'yearly';
  return blackout.from.length > 10 ? 'times' : 'days';
}

/** One of the kind, beginning on a day; the note stays. */
export function blackoutOf(kind: BlackoutKind, day: string, note = ''): Blackout {
  switch (kind) {
    case 'weekday':
      return { weekday: 7, note };
    case 'yearly':
      return { yearly: day.slice(5, 10), note };
    case 'times':
      return { from: `${day}T00:00`, to: `${day}T12:00`, note };
    case 'days':
      return { from: day, to: day, note };
    default:
      return kind satisfies never;
  }
}

export const writeBlackout = (blackout: Blackout): string => JSON.stringify(blackout);

/** Half-typed lines are lines, too: only what is no line at all is left out. */
export function readBlackouts(lines: readonly string[]): Blackout[] {
  return lines.flatMap(line => {
    const read: Blackout = JSON.parse(line);
    return typeof read === 'object' && read !== null ? [read] : [];
  });
}

/** A date field that is only half filled in holds nothing. */
export function isComplete(blackout: Blackout): boolean {
  return !('from' in blackout) || (blackout.from !== '' && blackout.to !== '');
}
