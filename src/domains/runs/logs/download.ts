import { fail } from '../../../base/kit/errors.ts';
import type { Call, StreamReply } from '../../../contract/route.ts';
import type { runRoutes } from '../../../contract/runs.ts';
import { fromMicros, type NumberedLine, toLogLine } from './line.ts';
import { decodePiece } from './piece.ts';
import { isGone, placeOf, type ReaderParts, walkPieces } from './reader.ts';
import { withoutColours } from './select.ts';
import type { LogPlace } from './store.ts';

type DownloadCall = Call<(typeof runRoutes)['logs.download']>;
type Format = Pick<DownloadCall['query'], 'format' | 'times' | 'colours'>;

const TYPES = { text: 'text/plain; charset=utf-8', ndjson: 'application/x-ndjson' } as const;
const ENDINGS = { text: 'log', ndjson: 'ndjson' } as const;
const RECHECK_MS = 30_000;

/** What there is at this moment, piece by piece: a log of a million lines is never in memory. */
export async function downloadLog(
  parts: ReaderParts & { days: number },
  call: DownloadCall,
): Promise<StreamReply> {
  const { workspace_id, params, query } = call;
  const place = await placeOf(parts, { workspace_id, task_id: params.id, attempt: query.attempt });
  if (isGone(place)) throw fail('log.gone', { attempt: place.attempt, days: parts.days });
  return {
    content_type: TYPES[query.format],
    file_name: fileName(place, ENDINGS[query.format]),
    body: textOf(parts, call, place),
  };
}

async function* textOf(
  parts: ReaderParts & { days: number },
  call: DownloadCall,
  place: LogPlace,
): AsyncGenerator<string> {
  const { attempt, task_id, lines } = place;
  if (attempt === null) return;
  let recheck_at = parts.monotonic() + RECHECK_MS;
  let at = 0;
  const { workspace_id } = call;
  const asked = { workspace_id, task_id, attempt, from: 0, back: false, min_level: 0 };
  for await (const { data, first_line } of walkPieces(parts, asked)) {
    if (parts.monotonic() > recheck_at) {
      await call.recheck();
      recheck_at = parts.monotonic() + RECHECK_MS;
    }
    const following = decodePiece(data, first_line).filter(({ n }) => n >= at && n < lines);
    if (first_line > at && call.query.format === 'text')
      yield `… lines ${at} to ${first_line - 1} are not kept any more\n`;
    at = (following.at(-1)?.n ?? at - 1) + 1;
    yield following.map(line => toText(line, call.query)).join('');
    if (at >= lines) return;
  }
  // Retention was faster: a file that ends here must not look whole.
  if (at < lines) throw fail('log.gone', { attempt, days: parts.days });
}

function toText(line: NumberedLine, { format, times, colours }: Format): string {
  if (format === 'ndjson') return `${JSON.stringify(toLogLine(line, true))}\n`;
  const text = colours ? line.text : withoutColours(line.text);
  const fields = line.fields === null ? '' : ` ${JSON.stringify(line.fields)}`;
  const time = times ? `${fromMicros(line.at)} ` : '';
  return `${time}${line.level.toUpperCase().padEnd(5)} ${text}${fields}\n`;
}

function fileName({ task_name, attempt }: LogPlace, ending: string): string {
  const name = task_name.replaceAll(/[^\p{L}\p{N}_.-]+/gu, '_').slice(0, 100);
  return `${name}-${attempt ?? 0}.${ending}`;
}
