import { createHmac } from 'node:crypto';
import type { WEBHOOK_FORMATS, WEBHOOK_KINDS } from '../../contract/alerts.ts';
import type { OpenIncident, RunError } from './incident.ts';

// What a webhook says: one message of plain facts, kept with its delivery, and what the products that receive it make of it.

export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];
export type MessageKind = (typeof WEBHOOK_KINDS)[number] | 'test';

/** Also the body of the generic format: fields are added, never changed. */
export interface Message {
  version: 1;
  kind: MessageKind;
  /** One line that says it. */
  text: string;
  workspace: { slug: string; name: string };
  incident: {
    id: string;
    subject: string;
    title: string;
    kind: string;
    count: number;
    opened_at: string;
  } | null;
  run: { id: string; url: string } | null;
  error: RunError | null;
  at: string;
}

const HEADLINES: Readonly<Record<MessageKind, string>> = {
  failed: 'Failed',
  lost: 'Lost with its worker',
  late: 'Late',
  recovered: 'Well again',
  test: 'Test',
};

interface Facts {
  kind: MessageKind;
  incident: OpenIncident;
  run_id: string | null;
  workspace: Message['workspace'];
  at: string;
  url: string;
}

export function incidentMessage({ kind, incident, run_id, workspace, at, url }: Facts): Message {
  const { id, subject, title, count, opened_at } = incident;
  return {
    version: 1,
    kind,
    text: `${HEADLINES[kind]}: ${title} (${workspace.name})`,
    workspace,
    incident: { id, subject, title, kind: incident.kind, count, opened_at },
    run: run_id === null ? null : { id: run_id, url: `${url}/w/${workspace.slug}/runs/${run_id}` },
    error: kind === 'recovered' ? null : incident.error,
    at,
  };
}

export function testMessage(workspace: Message['workspace'], at: string): Message {
  const text = `${HEADLINES.test}: messages of the workspace ${workspace.name} arrive here`;
  return { version: 1, kind: 'test', text, workspace, incident: null, run: null, error: null, at };
}

/** The body as the receiver reads it. */
export function render(format: WebhookFormat, message: Message): string {
  switch (format) {
    case 'json':
      return JSON.stringify(message);
    case 'slack':
      return JSON.stringify({ text: slackText(message) });
    case 'mattermost':
      return JSON.stringify({ text: markdownText(message) });
    case 'teams':
      return JSON.stringify(teamsCard(message));
    default:
      return format satisfies never;
  }
}

/** Titles and errors come from strangers: none of them mentions a channel, makes a link or breaks out of a line. */
function slackText({ text, run, error }: Message): string {
  const escaped = (part: string) =>
    oneLine(part).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const lines = [run ? `<${run.url}|${escaped(text).replaceAll('|', '¦')}>` : escaped(text)];
  return [...lines, ...detailsOf(error).map(line => `> ${escaped(line)}`)].join('\n');
}

function markdownText({ text, run, error }: Message): string {
  const escaped = (part: string) =>
    oneLine(part)
      .replaceAll(/[\\`*_[\]()#~>|!<:]/g, '\\$&')
      .replaceAll('@', '@\u200b');
  const lines = [run ? `[${escaped(text)}](${run.url})` : escaped(text)];
  return [...lines, ...detailsOf(error).map(line => `> ${escaped(line)}`)].join('\n');
}

function teamsCard({ text, run, error }: Message) {
  // Text blocks know a part of Markdown.
  const block = (line: string) => ({
    type: 'TextBlock',
    text: oneLine(line).replaceAll(/[\\`*_[\]()]/g, '\\$&'),
    wrap: true,
  });
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [{ ...block(text), weight: 'Bolder' }, ...detailsOf(error).map(block)],
    actions: run ? [{ type: 'Action.OpenUrl', title: 'Open the run', url: run.url }] : [],
  };
  const contentType = 'application/vnd.microsoft.card.adaptive';
  return { type: 'message', attachments: [{ contentType, contentUrl: null, content }] };
}

const LONGEST_LINE = 500;

function detailsOf(error: RunError | null): string[] {
  return [error?.message, error?.hint].flatMap(line => (line ? [line] : []));
}

function oneLine(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ');
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE - 1)}…` : line;
}

/** `t=SECONDS,v1=HEX`: HMAC-SHA256 over the time, a dot and the body, so that an old request cannot be sent again. */
export function signatureOf(secret: string, body: string, seconds: number): string {
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${mac}`;
}
