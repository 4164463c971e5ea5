// As much of Markdown as the documents use: fenced blocks, links, headings.

export interface Block {
  /** `sh`, `yaml` … */
  language: string;
  /** What follows the language: what the tests do with the block. */
  words: readonly string[];
  text: string;
  line: number;
}

export interface Link {
  target: string;
  line: number;
}

const FENCE = /^(\s*)(`{3,}|~{3,})\s*(.*)$/;

export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { info: string; fence: string; lines: string[]; line: number } | undefined;
  for (const [at, line] of markdown.split('\n').entries()) {
    const [, , fence = '', info = ''] = FENCE.exec(line) ?? [];
    if (open && fence.startsWith(open.fence) && info === '') {
      blocks.push(toBlock(open));
      open = undefined;
    } else if (open) open.lines.push(line);
    else if (fence !== '') open = { info, fence, lines: [], line: at + 1 };
  }
  return blocks;
}

function toBlock({ info, lines, line }: { info: string; lines: string[]; line: number }): Block {
  const [language = '', ...words] = info.trim().split(/\s+/);
  return { language, words, text: lines.join('\n'), line };
}

/** Links and pictures of the prose; what stands in code is no link. */
export function linksOf(markdown: string): Link[] {
  return proseLines(markdown).flatMap(({ text: written, line }) => {
    const text = written.replace(/`[^`]*`/g, '');
    const inline = [...text.matchAll(/\]\(<?([^()\s>]+)>?(?:\s+"[^"]*")?\)/g)];
    const html = [...text.matchAll(/\b(?:src|srcset|href)="([^"\s]+)"/g)];
    return [...inline, ...html].map(([, target = '']) => ({ target, line }));
  });
}

/** Anchors as GitHub makes them; a repeated heading gets `-1`, `-2`. */
export function anchorsOf(markdown: string): string[] {
  const seen = new Map<string, number>();
  const headings = proseLines(markdown).flatMap(({ text }) => /^#{1,6}\s+(.*)$/.exec(text)?.[1] ?? []);
  return headings.map(heading => {
    const anchor = anchorOf(heading);
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
}

function anchorOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

interface ProseLine {
  text: string;
  line: number;
}

function proseLines(markdown: string): ProseLine[] {
  let fence: string | undefined;
  return markdown.split('\n').flatMap((text, at): ProseLine[] => {
    const mark = FENCE.exec(text)?.[2];
    const isEdge = mark !== undefined && (fence === undefined || mark.startsWith(fence));
    if (isEdge) fence = fence === undefined ? mark : undefined;
    return isEdge || fence !== undefined ? [] : [{ text, line: at + 1 }];
  });
}
