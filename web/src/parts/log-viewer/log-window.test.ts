import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogLine } from '../../../../src/contract/runs.ts';
import { changeLog, EMPTY, type LogPage, type LogWindow, MOST_LINES } from './log-window.ts';

function lines(from: number, to: number): LogLine[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, place) => ({
    n: from + place,
    at: '2026-11-21T09:00:00.000000Z',
    level: 'info',
    text: `line ${from + place}`,
    stream: 'log',
    fields: null,
    cut: false,
  }));
}

function page(from: number, to: number, total: number, facts: Partial<LogPage> = {}): LogPage {
  return {
    items: lines(from, to),
    lines: total,
    dropped: 0,
    open: true,
    next: to < total ? to : null,
    ...facts,
  };
}

/** Ends of it, how many, and whether it knows its borders. */
function shape(log: LogWindow) {
  return [log.lines[0]?.n, log.lines.at(-1)?.n, log.lines.length, log.before, log.after];
}

const MILLION = 1_000_000;

test('a million lines are read from the end to the beginning with two thousand in memory', () => {
  let log = changeLog(EMPTY, {
    type: 'opened',
    before: page(MILLION - 500, MILLION, MILLION, { next: MILLION - 500 }),
  });
  assert.deepEqual(shape(log), [999_500, 999_999, 500, 999_500, null]);
  while (log.before !== null) {
    const { before } = log;
    const from = Math.max(0, before - 500);
    log = changeLog(log, {
      type: 'earlier',
      page: page(from, before, MILLION, { next: from === 0 ? null : from }),
    });
    assert(log.lines.length <= MOST_LINES);
  }
  assert.deepEqual(shape(log), [0, 1999, 2000, null, 2000]);
  log = changeLog(log, { type: 'later', page: page(2000, 2500, MILLION) });
  assert.deepEqual(shape(log), [500, 2499, 2000, 500, 2500]);
});

test('a jump to a line knows what is before and after it', () => {
  const log = changeLog(EMPTY, {
    type: 'opened',
    before: page(300, 500, 1000, { next: 300 }),
    after: page(500, 1000, 1000),
  });
  assert.deepEqual(shape(log), [300, 999, 700, 300, null]);
});

test('who follows keeps the newest lines, who reads keeps what is read and is told how many came', () => {
  const full = changeLog(EMPTY, { type: 'opened', after: page(0, MOST_LINES, MOST_LINES) });
  const fresh = lines(MOST_LINES, MOST_LINES + 100);
  const followed = changeLog(full, { type: 'tailed', lines: fresh, following: true });
  assert.deepEqual(shape(followed), [100, 2099, 2000, 100, null]);
  assert.equal(followed.unseen, 0);
  const read = changeLog(full, { type: 'tailed', lines: fresh, following: false });
  assert.deepEqual(shape(read), [0, 1999, 2000, null, 2000]);
  assert.equal(read.unseen, 100);
  assert.equal(read.total, 2100);
  assert.equal(changeLog(read, { type: 'seen' }).unseen, 0);
});

test('lines that come twice are there once, also where a page and the tail overlap', () => {
  const log = changeLog(EMPTY, { type: 'opened', after: page(0, 10, 10) });
  const twice = changeLog(log, { type: 'tailed', lines: lines(5, 12), following: true });
  assert.deepEqual(shape(twice), [0, 11, 12, null, null]);
  assert.equal(changeLog(twice, { type: 'tailed', lines: lines(0, 12), following: true }), twice);
});

test('lines that came while a page was read are read next, never left out', () => {
  const middle = changeLog(EMPTY, { type: 'opened', after: page(0, 50, 100) });
  const told = changeLog(middle, { type: 'tailed', lines: lines(100, 102), following: false });
  const read = changeLog(told, { type: 'later', page: page(50, 100, 100) });
  assert.deepEqual(shape(read), [0, 99, 100, null, 100]);
  const rest = changeLog(read, { type: 'later', page: page(100, 102, 102) });
  assert.deepEqual(shape(rest), [0, 101, 102, null, null]);
});

test('a search that found nothing so far goes on where it stopped', () => {
  const log = changeLog(EMPTY, { type: 'opened', after: page(0, 0, 1000, { next: 400 }) });
  assert.deepEqual([log.lines.length, log.after], [0, 400]);
  const more = changeLog(log, { type: 'later', page: page(700, 701, 1000, { next: null }) });
  assert.deepEqual(shape(more), [700, 700, 1, null, null]);
});

test('an attempt that has ended says how many lines it had and lost', () => {
  const log = changeLog(EMPTY, { type: 'opened', after: page(0, 10, 10) });
  const ended = changeLog(log, { type: 'ended', total: 12, dropped: 3 });
  assert.deepEqual([ended.open, ended.total, ended.dropped], [false, 12, 3]);
});
