// By itself: `main` looks at it before anything else, in runners too, which load nothing that they do not need.

export const PARTS = ['server', 'worker'] as const;
export type PartName = (typeof PARTS)[number];

/** The first word of a part's command line. */
export function partWord(name: PartName): string {
  return `--${name}-process`;
}
