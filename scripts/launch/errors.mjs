/** Something the person at the console can act on: said in one or two lines, without a stack. */
export class LaunchError extends Error {
  /**
   * @param {string} message
   * @param {string} [hint] the next action
   * @param {number} [exit_code]
   */
  constructor(message, hint = '', exit_code = 1) {
    super(message);
    this.name = 'LaunchError';
    this.hint = hint;
    this.exit_code = exit_code;
  }
}

/** @param {unknown} error */
export function codeOf(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
