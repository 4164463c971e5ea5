import { useEffect, useRef, useState } from 'react';
import type { SampleRequest } from './code-samples.ts';

export interface Received {
  status: number;
  status_text: string;
  headers: [name: string, value: string][];
  body: string;
  /** The body was longer than is shown, or was stopped. */
  cut: boolean;
  bytes: number;
  milliseconds: number;
}

export interface Exchange {
  state: 'idle' | 'running' | 'done';
  sent: SampleRequest | undefined;
  received: Received | undefined;
  /** No answer at all: the reason that the browser gives. */
  failure: string | undefined;
  send: (request: SampleRequest, token: string | undefined) => Promise<void>;
  stop: () => void;
}

/** More text than this is for a file, not for a page. */
const SHOWN_CHARACTERS = 200_000;

/** One request and what came back, shown while it comes: an event stream never ends by itself. */
export function useExchange(): Exchange {
  const [state, setState] = useState<Exchange['state']>('idle');
  const [sent, setSent] = useState<SampleRequest>();
  const [received, setReceived] = useState<Received>();
  const [failure, setFailure] = useState<string>();
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);

  const send = async (request: SampleRequest, token: string | undefined) => {
    const controller = new AbortController();
    abort.current = controller;
    setState('running');
    setSent(request);
    setReceived(undefined);
    setFailure(undefined);
    try {
      for await (const part of receive(request, token, controller)) setReceived(part);
    } catch (error) {
      // Stopped on purpose: what had come by then stays.
      if (!controller.signal.aborted) setFailure(error instanceof Error ? error.message : String(error));
    }
    setState('done');
  };
  return { state, sent, received, failure, send, stop: () => abort.current?.abort() };
}

async function* receive(
  request: SampleRequest,
  token: string | undefined,
  controller: AbortController,
): AsyncGenerator<Received> {
  const begun = performance.now();
  const response = await fetch(request.url, {
    method: request.method,
    headers: { ...request.headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    body: request.body,
    // The token alone must count, so that it is tried and not the session.
    credentials: token === undefined ? 'same-origin' : 'omit',
    signal: controller.signal,
  });
  const so_far: Received = {
    status: response.status,
    status_text: response.statusText,
    headers: [...response.headers],
    body: '',
    cut: false,
    bytes: 0,
    milliseconds: performance.now() - begun,
  };
  yield so_far;
  const decoder = new TextDecoder();
  let body = '';
  let bytes = 0;
  for await (const chunk of chunksOf(response)) {
    bytes += chunk.byteLength;
    body += decoder.decode(chunk, { stream: true });
    const cut = body.length > SHOWN_CHARACTERS;
    yield {
      ...so_far,
      body: body.slice(0, SHOWN_CHARACTERS),
      bytes,
      cut,
      milliseconds: performance.now() - begun,
    };
    if (cut) return controller.abort();
  }
}

/** Not every browser can iterate a stream yet. */
async function* chunksOf({ body }: Response): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
