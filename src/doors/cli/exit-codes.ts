/** What a script can tell from the exit code alone. The reference and `moulin --help` print this table. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'Done.' },
  failure: { code: 1, meaning: 'Something failed; the message says what.' },
  usage: { code: 2, meaning: 'The command, an option, the input or the configuration is not valid.' },
  not_found: { code: 3, meaning: 'The thing, the workspace or the installation is not there.' },
  denied: { code: 4, meaning: 'Not signed in, or not allowed.' },
  unavailable: {
    code: 5,
    meaning: 'Moulin or a part of it does not answer; the same command may work later.',
  },
  conflict: { code: 6, meaning: 'Somebody else changed it first, or it exists already.' },
  findings: { code: 7, meaning: 'The command worked and found something wrong (doctor, keys verify).' },
  interrupted: { code: 130, meaning: 'Stopped by Ctrl-C.' },
} as const satisfies Record<string, { code: number; meaning: string }>;

export type ExitName = keyof typeof EXIT_CODES;

export function exitCodeOf(name: ExitName): number {
  return EXIT_CODES[name].code;
}

/** HTTP statuses already sort failures by what a caller can do about them; a few codes of our own say it better. */
export function exitNameOf(code: string, status: number): ExitName {
  return OWN[code] ?? BY_STATUS[status] ?? 'failure';
}

const BY_STATUS: Readonly<Record<number, ExitName>> = {
  400: 'usage',
  401: 'denied',
  403: 'denied',
  404: 'not_found',
  408: 'unavailable',
  409: 'conflict',
  410: 'not_found',
  412: 'conflict',
  413: 'usage',
  415: 'usage',
  422: 'usage',
  428: 'conflict',
  429: 'unavailable',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
};

const OWN: Readonly<Record<string, ExitName>> = {
  'config.invalid': 'usage',
  'config.file_unreadable': 'usage',
  'cli.usage': 'usage',
  'cli.no_instance': 'not_found',
  'cli.not_confirmed': 'usage',
  'cli.not_signed_in': 'denied',
  'internal.unexpected': 'failure',
};
