import type { Readable, Writable } from 'node:stream';

/** The world around a command: given in, so that a test can hold it in its hands. */
export interface Terminal {
  stdout: Writable & { isTTY?: boolean; columns?: number };
  stderr: Writable & { isTTY?: boolean };
  stdin: Readable & { isTTY?: boolean };
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
}

export function processTerminal(): Terminal {
  const { stdout, stderr, stdin, env } = process;
  return { stdout, stderr, stdin, env, cwd: process.cwd() };
}

/** Whether a person sits there who can be asked. */
export function isInteractive(terminal: Terminal): boolean {
  return terminal.stdin.isTTY === true && terminal.stderr.isTTY === true;
}

/** Resolves when the text is handed over, so that the process may end right after. */
export function write(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, error => (error && !isClosedPipe(error) ? reject(error) : resolve()));
  });
}

/** `moulin audit list | head` is no failure. */
function isClosedPipe(error: Error): boolean {
  return 'code' in error && error.code === 'EPIPE';
}

/** For the person who watches a start: what it does, and what it waits for. */
export function sayings(terminal: Terminal): {
  say: (text: string) => void;
  waiting: (text: string) => void;
} {
  const say = (text: string) => void terminal.stderr.write(`${text}\n`);
  return { say, waiting: text => say(`${text}; trying again until it does. Ctrl-C stops.`) };
}
