// Output of a process, cut into lines: bytes of any kind come in, text comes out. Nothing grows: a line longer than it may be
// keeps its beginning.

export interface SplitLine {
  text: string;
  /** Bytes that were left out of it. */
  left_out: number;
  /** Its last characters, also where they were left out: where a mark would be. */
  end: string;
}

export interface LineSplitter {
  feed(chunk: Buffer): SplitLine[];
  /** What came after the last end of a line. */
  end(): SplitLine[];
}

const NEWLINE = 10;
/** Longer than any mark. */
const END_BYTES = 64;

export function lineSplitter(max_bytes: number): LineSplitter {
  let parts: Buffer[] = [];
  let kept = 0;
  let left_out = 0;
  let end: Buffer = Buffer.alloc(0);

  const take = (part: Buffer) => {
    const room = Math.max(0, max_bytes - kept);
    const fits = part.length > room ? part.subarray(0, room) : part;
    if (fits.length > 0) parts.push(fits);
    kept += fits.length;
    left_out += part.length - fits.length;
    end = part.length >= END_BYTES ? part : Buffer.concat([end.subarray(-END_BYTES), part]);
  };
  const finish = (): SplitLine => {
    const bytes = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
    const text = (left_out > 0 ? bytes.subarray(0, wholeCharacters(bytes)) : bytes).toString('utf8');
    const line = {
      text: text.endsWith('\r') ? text.slice(0, -1) : text,
      left_out,
      end: end.toString('latin1', Math.max(0, end.length - END_BYTES)),
    };
    parts = [];
    kept = 0;
    left_out = 0;
    end = Buffer.alloc(0);
    return line;
  };

  return {
    feed(chunk) {
      const lines: SplitLine[] = [];
      let from = 0;
      for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
        take(chunk.subarray(from, to));
        lines.push(finish());
        from = to + 1;
      }
      if (from < chunk.length) take(chunk.subarray(from));
      return lines;
    },
    end: () => (kept > 0 ? [finish()] : []),
  };
}

const isContinuation = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80;

/** Length without a character of UTF-8 that was cut in two at the end. */
function wholeCharacters(bytes: Buffer): number {
  let at = bytes.length - 1;
  while (at >= 0 && at > bytes.length - 4 && isContinuation(bytes[at])) at--;
  const lead = bytes[at] ?? 0;
  const wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return at >= 0 && bytes.length - at < wanted ? at : bytes.length;
}

/**
 * The last bytes of a stream, as text that can be kept: valid UTF-8, without the one character that PostgreSQL refuses, and
 * from the beginning of a line where there is one: of half a secret no mask knows anything.
 */
export function tailKeeper(max_bytes: number) {
  let tail: Buffer = Buffer.alloc(0);
  let is_cut = false;
  return {
    feed(chunk: Buffer): void {
      is_cut ||= tail.length + chunk.length > max_bytes;
      tail = Buffer.concat([tail, chunk.subarray(-max_bytes)]).subarray(-max_bytes);
    },
    clear(): void {
      tail = Buffer.alloc(0);
      is_cut = false;
    },
    text(): string {
      let from = is_cut ? tail.indexOf(NEWLINE) + 1 : 0;
      if (from === tail.length) from = 0;
      if (is_cut) while (from < 4 && isContinuation(tail[from])) from++;
      return tail.toString('utf8', from).replaceAll('\0', '');
    },
  };
}
