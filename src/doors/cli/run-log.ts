import type { Client } from '../../contract/client.ts';
import type { LogLine } from '../../contract/runs.ts';
import { hasEnded } from '../../contract/task-states.ts';
import { visible } from './present.ts';

/** The lines of a task as they come, attempt after attempt, until the task has ended. */
export async function* followLog(client: Client, task_id: string): AsyncIterable<LogLine> {
  let attempt: number | undefined;
  for (;;) {
    const query = attempt === undefined ? {} : { attempt };
    const { body } = await client['logs.tail']({ params: { id: task_id }, query });
    let seen: number | undefined;
    for await (const { event, data } of serverSentEvents(body)) {
      if (event === 'end') {
        seen = data.attempt;
        break;
      }
      yield* data.items ?? [];
    }
    const { state } = await client['tasks.show']({ params: { id: task_id } });
    // No attempt: the server stops, or the caller may not see it any more.
    if (seen === undefined || hasEnded(state)) return;
    attempt = seen + 1;
  }
}

/** One line for people; what a task writes comes from strangers. */
export function logText({ at, level, text }: LogLine): string {
  return `${at.slice(11, 23)} ${level.toUpperCase().padEnd(5)} ${visible(text)}`;
}

interface LogEvent {
  event: string;
  data: { items?: LogLine[]; attempt?: number };
}

/** https://html.spec.whatwg.org/multipage/server-sent-events.html, as far as Moulin writes it: a frame ends with an empty line. */
export async function* serverSentEvents(body: AsyncIterable<Uint8Array>): AsyncIterable<LogEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const frames = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = frames.pop() ?? '';
    for (const frame of frames) {
      const fields = new Map(frame.split('\n').map(line => cutAt(line, ': ')));
      const data = fields.get('data');
      if (data !== undefined) yield { event: fields.get('event') ?? 'message', data: JSON.parse(data) };
    }
  }
}

function cutAt(line: string, mark: string): [string, string] {
  const at = line.indexOf(mark);
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + mark.length)];
}
