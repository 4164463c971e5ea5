import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { urlOf } from '../../src/contract/client.ts';
import { makeStale } from './api.ts';
import { staleRules } from './areas.ts';
import { type Hello, type Listener, type Live, type LiveState, openLive, staleAfter } from './live.ts';
import { openPace } from './live-pace.ts';
import { useMay } from './session.ts';

interface LiveContext {
  state: LiveState;
  retry: () => void;
}

const Context = createContext<LiveContext>({ state: 'connecting', retry: () => {} });
export const useLive = () => useContext(Context);

const rules = staleRules();

/** One stream per tab, of the workspace on screen. What it brings makes reads stale; pages in sight ask again. */
export function LiveProvider({
  workspace,
  children,
}: {
  workspace: string | undefined;
  children: ReactNode;
}) {
  const queries = useQueryClient();
  const listens = useMay()('events:read') && workspace !== undefined;
  const [state, setState] = useState<LiveState>('connecting');
  const live = useRef<Live>(null);
  const heardBefore = useRef(false);
  useEffect(() => {
    if (!listens) return;
    let wasLost = false;
    // What the cache holds of a workspace that one comes back to is from before, and nobody told what happened since.
    const fresh = !heardBefore.current;
    heardBefore.current = true;
    const pace = openPace(names => void makeStale(queries, names), wait);
    const opened = openLive({
      open: (after, listener) => listen(urlOf('events.stream', { query: { workspace, after } }), listener),
      onEvents: events => pace.say(staleAfter(events, rules)),
      fresh,
      // Reads that are under way are of now: they need not begin again.
      onGap: () => void queries.invalidateQueries({}, { cancelRefetch: false }),
      onState: next => {
        // Reads that failed meanwhile are tried again, even if no event was missed.
        if (next === 'open' && wasLost) void queries.invalidateQueries();
        wasLost = next === 'lost';
        setState(next);
      },
      // Signed out, or no member any more: asking who one is tells, and the page follows.
      onEnded: () => void makeStale(queries, ['me']),
      wait,
    });
    live.current = opened;
    return () => {
      opened.close();
      pace.close();
    };
  }, [workspace, listens, queries]);
  const context = useMemo(() => ({ state, retry: () => live.current?.retry() }), [state]);
  return <Context value={context}>{children}</Context>;
}

function wait(work: () => void, milliseconds: number): () => void {
  const timer = setTimeout(work, milliseconds);
  return () => clearTimeout(timer);
}

function listen(url: string, listener: Listener): EventSource {
  const source = new EventSource(url);
  source.onopen = () => listener.opened();
  source.addEventListener('hello', ({ data }) => {
    const hello: Hello = JSON.parse(data);
    listener.greeted(hello);
  });
  source.onmessage = message => listener.said(message);
  source.onerror = () => listener.broke(source.readyState === EventSource.CLOSED);
  return source;
}
