import { Worker } from 'node:worker_threads';
import { fail } from '../../../base/kit/errors.ts';
import type { NumberedLine } from './line.ts';
import type { Selection } from './select.ts';

// A regular expression from outside may take for ever, and nothing in this thread could stop it: it runs in one of its own,
// which is ended when it does not answer. A thread per search (30 ms), so that nobody's search waits behind a bad one.

export interface Search {
  /** Throws `log.search_time` when one piece takes longer than that, after which the search is over. */
  find(wanted: Selection): Promise<NumberedLine[]>;
  close(): Promise<void>;
}

export type OpenSearch = (expression: string) => Promise<Search>;

const FIND_MS = 2000;
const START_MS = 10_000;
const MAX_THREADS = 4;
const MEMORY_MB = 192;
/** Built, the file beside this one ends in .js. */
const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? './search-thread.ts' : './search-thread.js',
  import.meta.url,
);

/** One for the process: bounds how many search at once. */
export function openSearches(find_ms: number = FIND_MS): OpenSearch {
  let free = MAX_THREADS;
  const queue: (() => void)[] = [];
  const leave = () => {
    const next = queue.shift();
    if (next) next();
    else free += 1;
  };
  return async expression => {
    checkExpression(expression);
    if (free > 0) free -= 1;
    else await new Promise<void>(resolve => queue.push(resolve));
    try {
      return await startThread(expression, find_ms, leave);
    } catch (error) {
      leave();
      throw error;
    }
  };
}

function checkExpression(search: string): void {
  try {
    new RegExp(search);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw fail('log.search', { search, reason: said.slice(said.lastIndexOf(': ') + 2) }, { cause: error });
  }
}

async function startThread(expression: string, find_ms: number, ended: () => void): Promise<Search> {
  const thread = new Worker(THREAD, {
    workerData: expression,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    // Neither our variables nor our arguments are its business.
    env: {},
    argv: [],
  });
  // Each question listens for itself; without a listener an error between two of them would end the process.
  thread.on('error', () => {});
  try {
    await answerOf(thread, START_MS);
  } catch (error) {
    await thread.terminate();
    throw error;
  }
  let open = true;
  return {
    async find(wanted) {
      const answer = answerOf<NumberedLine[]>(thread, find_ms);
      thread.postMessage(wanted);
      return answer;
    },
    async close() {
      if (!open) return;
      open = false;
      await thread.terminate();
      ended();
    },
  };
}

/** The next message. A thread that ran out of memory is as slow as one that does not end. */
function answerOf<T>(thread: Worker, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const tooSlow = (cause?: unknown) => {
      stop();
      reject(fail('log.search_time', { seconds: ms / 1000 }, { cause }));
    };
    const answered = (message: T) => {
      stop();
      resolve(message);
    };
    const alarm = setTimeout(tooSlow, ms);
    const stop = () => {
      clearTimeout(alarm);
      thread.off('message', answered).off('error', tooSlow).off('exit', tooSlow);
    };
    thread.on('message', answered).on('error', tooSlow).on('exit', tooSlow);
  });
}
