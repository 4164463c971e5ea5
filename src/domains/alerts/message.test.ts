import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { incidentMessage, type Message, render, signatureOf } from './message.ts';

const run_id = '01987b2c-7f3a-7c1e-9d55-0a4be91c6f20';
const evil = 'Import <!channel> [x](http://evil.example) @all `rm` *b*\n> quoted';

function message(title: string, error_text = 'The disk is full.'): Message {
  const at = '2026-11-21T12:00:00.000000Z';
  return incidentMessage({
    kind: 'failed',
    incident: {
      ...{ id: 'i', workspace_id: 'w', subject: 'schedule:a', kind: 'failed', title, count: 2 },
      ...{ run_id, first_run_id: run_id, opened_at: at, last_at: at },
      error: { code: 'task.failed', message: error_text, hint: 'Read the log.' },
    },
    run_id,
    workspace: { slug: 'main', name: 'Main' },
    at,
    url: 'https://moulin.example',
  });
}

test('the generic format says what happened, to what, and where to look', () => {
  const body = JSON.parse(render('json', message('Import')));
  assert.equal(body.text, 'Failed: Import (Main)');
  assert.equal(body.run.url, `https://moulin.example/w/main/runs/${run_id}`);
  assert.deepEqual(
    [body.version, body.kind, body.incident.count, body.error.message],
    [1, 'failed', 2, 'The disk is full.'],
  );
});

test('a title or an error of strangers mentions nobody, makes no link and stays in its line', () => {
  const slack: string = JSON.parse(render('slack', message(evil, evil))).text;
  assert.doesNotMatch(slack, /<!channel>/);
  assert.equal(slack.split('\n').length, 3);
  const mattermost: string = JSON.parse(render('mattermost', message(evil, evil))).text;
  assert.doesNotMatch(mattermost, /@all|(?<!\\)`|(?<!\\)\*|\\?\]\(http:\/\/evil/);
  const teams = render('teams', message(evil, evil));
  assert.doesNotMatch(teams, /[^\\]\[x\]/);
});

test('every product gets its own form, with a link to the run', () => {
  const link = `https://moulin.example/w/main/runs/${run_id}`;
  assert(JSON.parse(render('slack', message('Import'))).text.startsWith(`<${link}|Failed: Import`));
  assert(JSON.parse(render('mattermost', message('Import'))).text.includes(`](${link})`));
  const [attachment] = JSON.parse(render('teams', message('Import'))).attachments;
  assert.equal(attachment.contentType, 'application/vnd.microsoft.card.adaptive');
  assert.deepEqual([attachment.content.type, attachment.content.actions[0].url], ['AdaptiveCard', link]);
});

test('the signature covers the time and the body', () => {
  const expected = createHmac('sha256', 'a secret').update('1700000000.{}').digest('hex');
  assert.equal(signatureOf('a secret', '{}', 1_700_000_000), `t=1700000000,v1=${expected}`);
});
