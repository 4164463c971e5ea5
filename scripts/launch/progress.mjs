// Progress goes to standard error: standard output belongs to the answer of the command that follows.

const { stderr } = process;

/** @param {string} text */
export function say(text) {
  stderr.write(`${text}\n`);
}

/**
 * One line for a step that takes long: counting seconds on a terminal, a line at its beginning and one at its end elsewhere.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const show = () => stderr.write(`\r\x1b[K${title} … ${seconds()} s`);
  const timer = stderr.isTTY ? setInterval(show, 1000) : undefined;
  stderr.write(stderr.isTTY ? `${title} …` : `${title} …\n`);
  try {
    const result = await work();
    clear(timer);
    say(`✔ ${title} (${seconds()} s)`);
    return result;
  } catch (error) {
    clear(timer);
    throw error;
  }
}

/** @param {ReturnType<typeof setInterval> | undefined} timer */
function clear(timer) {
  if (!timer) return;
  clearInterval(timer);
  stderr.write('\r\x1b[K');
}
