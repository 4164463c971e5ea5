// The common forms of cron expressions, as data that words can be made of. What has no form here is shown as it was written:
// no words are better than words that are nearly right.

export type CronForm =
  | { form: 'every'; unit: 'seconds' | 'minutes' | 'hours'; count: number; minute: number }
  | ({ form: 'daily' } & Time)
  | ({ form: 'weekly'; days: number[]; range: boolean } & Time)
  | ({ form: 'monthly'; day: number } & Time)
  | ({ form: 'yearly'; day: number; month: number } & Time);

interface Time {
  hour: number;
  minute: number;
}

const NICKNAMES: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

export function cronForm(expression: string): CronForm | undefined {
  const text = NICKNAMES[expression.trim().toLowerCase()] ?? expression.trim();
  const fields = text.split(/\s+/);
  const [second, ...rest] = fields.length === 6 ? fields : ['0', ...fields];
  const [minute, hour, day, month, weekday] = rest;
  if (rest.length !== 5 || minute === undefined || hour === undefined || weekday === undefined)
    return undefined;
  const always = [hour, day, month, weekday].every(field => field === '*' || field === '?');
  const seconds = stepOf(second ?? '', 60);
  if (seconds !== undefined) return minute === '*' && always ? every('seconds', seconds) : undefined;
  if (numberOf(second ?? '', 0, 59) !== 0) return undefined;
  const minutes = stepOf(minute, 60);
  if (minutes !== undefined) return always ? every('minutes', minutes) : undefined;
  const at_minute = numberOf(minute, 0, 59);
  if (at_minute === undefined) return undefined;
  const hours = stepOf(hour, 24);
  if (hours !== undefined)
    return isAny(day) && isAny(month) && isAny(weekday) ? every('hours', hours, at_minute) : undefined;
  const at_hour = numberOf(hour, 0, 23);
  return at_hour === undefined
    ? undefined
    : atTime({ hour: at_hour, minute: at_minute }, { day, month, weekday });
}

function atTime(
  time: Time,
  { day, month, weekday }: { day: string | undefined; month: string | undefined; weekday: string },
): CronForm | undefined {
  if (isAny(day) && isAny(month)) {
    if (isAny(weekday)) return { form: 'daily', ...time };
    const chosen = daysOf(weekday);
    return chosen === undefined ? undefined : { form: 'weekly', ...chosen, ...time };
  }
  const on_day = numberOf(day ?? '', 1, 31);
  if (on_day === undefined || !isAny(weekday)) return undefined;
  if (isAny(month)) return { form: 'monthly', day: on_day, ...time };
  const in_month = nameOrNumber(month ?? '', MONTHS, 1, 12);
  return in_month === undefined ? undefined : { form: 'yearly', day: on_day, month: in_month, ...time };
}

function every(unit: 'seconds' | 'minutes' | 'hours', count: number, minute = 0): CronForm {
  return { form: 'every', unit, count, minute };
}

/** `*` is each, `*\/5` every fifth: only where the last step of an hour is as long as the others. */
function stepOf(field: string, of: number): number | undefined {
  if (field === '*') return 1;
  const [, digits] = /^(?:\*|0)\/(\d{1,2})$/.exec(field) ?? [];
  const step = Number(digits);
  return step > 0 && of % step === 0 ? step : undefined;
}

/** 1 is Monday, 7 Sunday; in the order of the week. */
function daysOf(field: string): { days: number[]; range: boolean } | undefined {
  const day = (text: string) => {
    const number = nameOrNumber(text, DAYS, 0, 7);
    return number === undefined ? undefined : number % 7 || 7;
  };
  const [from, to, more] = field.split('-').map(day);
  if (from !== undefined && to !== undefined && more === undefined)
    return from < to ? { days: [from, to], range: true } : undefined;
  const days = field.split(',').map(day);
  if (!days.every(one => one !== undefined)) return undefined;
  return { days: [...new Set(days)].sort((a, b) => a - b), range: false };
}

function nameOrNumber(
  text: string,
  names: readonly string[],
  least: number,
  most: number,
): number | undefined {
  const place = names.indexOf(text.toUpperCase());
  return place >= 0 ? place + least : numberOf(text, least, most);
}

function numberOf(text: string, least: number, most: number): number | undefined {
  const number = Number(text);
  return /^\d{1,2}$/.test(text) && number >= least && number <= most ? number : undefined;
}

function isAny(field: string | undefined): boolean {
  return field === '*' || field === '?';
}
