import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as format from './format.ts';
import { localeOf, pickLanguage } from './languages.ts';

const NOW = Date.parse('2026-11-21T13:05:00Z');
const ago = (ms: number) => new Date(NOW - ms).toISOString();

test('numbers and sizes are written as the language writes them', () => {
  assert.equal(format.formatNumber(1234.5, 'en'), '1,234.5');
  assert.equal(format.formatNumber(1234.5, 'fr'), '1\u202f234,5');
  assert.equal(format.formatBytes(999, 'en'), '999 bytes');
  assert.equal(format.formatBytes(38_600_000_000, 'en'), '38.6 GB');
  assert.equal(format.formatBytes(38_600_000_000, 'fr'), '38,6\u202fGo');
  assert.equal(format.formatBytes(0, 'en'), '0 bytes');
});

test('durations fit a clock until they are days', () => {
  assert.equal(format.formatDuration(41_000, 'en'), '0:41');
  assert.equal(format.formatDuration(3_727_000, 'en'), '1:02:07');
  assert.equal(format.formatDuration(187_200_000, 'en'), '2 d 4 h');
  assert.equal(format.formatDuration(187_200_000, 'fr-CA'), '2 j 4 h');
  assert.equal(format.formatDuration(-5, 'en'), '0:00');
});

test('relative times go both ways and never round up to what has not passed', () => {
  assert.equal(format.formatRelative(ago(20_000), NOW, 'en'), 'now');
  assert.equal(format.formatRelative(ago(119_000), NOW, 'en'), '1 minute ago');
  assert.equal(format.formatRelative(ago(-2 * 86_400_000), NOW, 'fr'), 'après-demain');
  assert.equal(format.formatRelative(ago(-90 * 86_400_000 + 5000), NOW, 'en'), 'in 3 months');
  assert.equal(format.formatRelative(ago(3 * 86_400_000), NOW, 'fr'), 'il y a 3 jours');
});

test('a microsecond timestamp of the API is shown in the zone asked for, with its offset', () => {
  const exact = format.formatExact('2026-11-21T13:05:07.123456Z', 'en-GB', 'Europe/Paris');
  assert.equal(exact, '21 Nov 2026, 14:05:07 GMT+01:00');
});

test('the language is the first one that we speak, the way of writing the browser’s own', () => {
  assert.equal(pickLanguage(['de', 'fr-CA', 'en']), 'fr');
  assert.equal(pickLanguage(['de']), 'en');
  assert.equal(localeOf('en', ['fr', 'en-GB', 'en-US']), 'en-GB');
  assert.equal(localeOf('fr', ['en-GB']), 'fr');
});

test('a day begins a line, in languages that write days small as well', () => {
  const noon = Date.parse('2026-11-21T12:00:00Z');
  assert.equal(format.formatDay(noon, 'fr-FR', 'Europe/Paris'), 'Samedi 21 novembre');
  assert.equal(format.formatDay(noon, 'en-GB', 'Europe/Paris'), 'Saturday 21 November');
});

test('times of a clock, days of a week and of a year are no moments, and have words', () => {
  assert.equal(format.formatTimeOfDay({ hour: 6, minute: 5 }, 'en-GB'), '06:05');
  assert.match(format.formatTimeOfDay({ hour: 18, minute: 0 }, 'en-US'), /^6:00\sPM$/);
  assert.equal(format.formatWeekday(1, 'en'), 'Monday');
  assert.equal(format.formatWeekday(7, 'fr'), 'dimanche');
  assert.equal(format.formatDayOfYear({ day: 29, month: 2 }, 'fr'), '29 février');
  assert.equal(format.formatMonth(12, 'en'), 'December');
  assert.equal(format.formatWall('2026-12-24', 'en-GB'), '24 Dec 2026');
  assert.equal(format.formatWall('2026-12-24T18:00', 'en-GB'), '24 Dec 2026, 18:00');
});
