import type { Event } from '../../src/contract/system.ts';

// The one event stream of a tab. It only says what may have changed: pages then ask again for what they show.

export type LiveState = 'connecting' | 'open' | 'lost';

/** The stream's first words: where it begins, and whether that is where one had listened last. */
export interface Hello {
  position: string;
  resumed: boolean;
}

/** What is heard of a stream; an EventSource is one, and tests bring their own. */
export interface Listener {
  opened(): void;
  greeted(hello: Hello): void;
  said(message: { data: string; lastEventId: string }): void;
  /** `over`: an answer that is no stream (an error, a sign-in) ended it for good, nobody tries again by itself. */
  broke(over: boolean): void;
}

export interface LiveParts {
  /** Opens the stream after a position; the browser itself resumes a broken connection with Last-Event-ID. */
  open: (after: string | undefined, listener: Listener) => { close(): void };
  onEvents: (events: Event[]) => void;
  onState: (state: LiveState) => void;
  /** The stream begins at another place than the last one ended: nobody knows what happened in between. */
  onGap: () => void;
  /** What is on screen was read with the page itself, a moment ago: the first stream's beginning is no gap. */
  fresh: boolean;
  /** The stream ended: perhaps whoever listens may not any more. Once per break, and at each refusal. */
  onEnded: () => void;
  wait: (work: () => void, milliseconds: number) => () => void;
}

/** At most ten updates of the page in a second, however many events there are. */
const BATCH_MS = 100;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;
/** A short break is no news to anybody. */
const PATIENCE_MS = 3000;

export interface Live {
  retry(): void;
  close(): void;
}

export function openLive(parts: LiveParts): Live {
  let source: { close(): void } | undefined;
  let position: string | undefined;
  let { fresh } = parts;
  let batch: Event[] = [];
  let retry_ms = FIRST_RETRY_MS;
  let cancelRetry = () => {};
  let cancelLost: (() => void) | undefined;
  let cancelFlush: (() => void) | undefined;

  function connect(): void {
    cancelRetry();
    source?.close();
    source = parts.open(position, { opened, greeted, said, broke });
  }

  function opened(): void {
    retry_ms = FIRST_RETRY_MS;
    cancelLost?.();
    cancelLost = undefined;
    parts.onState('open');
  }

  function greeted(hello: Hello): void {
    position = hello.position;
    if (!hello.resumed && !fresh) parts.onGap();
    fresh = false;
  }

  function said({ data, lastEventId }: { data: string; lastEventId: string }): void {
    if (lastEventId !== '') position = lastEventId;
    const event: Event = JSON.parse(data);
    batch.push(event);
    cancelFlush ??= parts.wait(flush, BATCH_MS);
  }

  function broke(over: boolean): void {
    if (over || cancelLost === undefined) parts.onEnded();
    cancelLost ??= parts.wait(() => parts.onState('lost'), PATIENCE_MS);
    if (!over) return;
    cancelRetry = parts.wait(connect, retry_ms);
    retry_ms = Math.min(retry_ms * 2, LAST_RETRY_MS);
  }

  function flush(): void {
    cancelFlush = undefined;
    const events = batch;
    batch = [];
    parts.onEvents(events);
  }

  parts.onState('connecting');
  connect();
  return {
    retry: connect,
    close() {
      cancelRetry();
      cancelLost?.();
      cancelFlush?.();
      source?.close();
    },
  };
}

/**
 * Beginnings of route names that the events make stale: the routes of the event's own noun (`member.added` → `members`),
 * and what the areas add by the beginning of its type, `''` being the beginning of all.
 */
export function staleAfter(
  events: readonly Pick<Event, 'type'>[],
  rules: Readonly<Record<string, readonly string[]>>,
): string[] {
  const types = new Set(events.map(event => event.type));
  const found = [...types].flatMap(type => {
    const matching = Object.entries(rules).filter(
      ([beginning]) => beginning === '' || type === beginning || type.startsWith(`${beginning}.`),
    );
    return [...nounRoutes(type), ...matching.flatMap(([, routes]) => routes)];
  });
  return [...new Set(found)];
}

function nounRoutes(type: string): string[] {
  const noun = type.split('.', 1)[0] ?? type;
  return [noun, `${noun}s`];
}
