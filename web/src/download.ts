import type { StreamAnswer } from '../../src/contract/route.ts';

/** Gives a file to the browser's own way of saving files. */
export function saveFile(name: string, content_type: string, parts: BlobPart[]): void {
  const url = URL.createObjectURL(new Blob(parts, { type: content_type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it after this turn; until the page goes it would stay in memory.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A download that needs the session's workspace header, which a plain link cannot send. */
export async function saveStream(answer: StreamAnswer, otherwise: string): Promise<void> {
  const content = await new Response(answer.body).blob();
  saveFile(answer.file_name ?? otherwise, answer.content_type, [content]);
}
