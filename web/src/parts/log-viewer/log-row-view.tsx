import { memo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { NextIcon, OpenIcon } from '../../icons.ts';
import { type Piece, parseAnsi } from './ansi.ts';
import { isCut, type LogRow, SHOWN_CHARACTERS } from './log-rows.ts';
import css from './log-viewer.module.css';

interface LogRowProps {
  row: LogRow;
  time: string;
  href: string;
  /** It is the line of the address, or the one that was found. */
  marked: boolean;
  /** Plain words to mark in it. */
  search: string | undefined;
  onLine: (n: number) => void;
  onFold: (n: number) => void;
  onDetails: (row: LogRow) => void;
}

/** One row: the number that is a link to it, the time, what kind of line it is, the text. */
export const LogRowView = memo(function LogRowView(props: LogRowProps) {
  const { row, time, href, marked, onLine, onFold, onDetails } = props;
  const { t } = useTranslation('runs');
  const { line, head, fold } = row;
  const isOwn = line.stream === 'log' || line.stream === 'moulin';
  return (
    <div
      className={css.row}
      data-ground={isOwn ? line.level : undefined}
      data-stream={line.stream}
      data-marked={marked || undefined}
    >
      {head ? (
        <a
          className={css.number}
          href={href}
          aria-label={t('log.line', { n: line.n + 1 })}
          onClick={event => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            onLine(line.n);
          }}
        >
          {line.n + 1}
        </a>
      ) : (
        <span className={css.number} />
      )}
      {time !== '' && <time className={css.time}>{head ? time : ''}</time>}
      {head && <Kind row={row} />}
      {fold !== null && (
        <button type="button" className={css.fold} aria-expanded={fold.open} onClick={() => onFold(line.n)}>
          {fold.open ? <OpenIcon size={12} aria-hidden="true" /> : <NextIcon size={12} aria-hidden="true" />}
          {t('log.folded', { count: fold.count })}
        </button>
      )}
      {head && line.fields !== null && (
        <button type="button" className={css.fold} onClick={() => onDetails(row)}>
          {t('log.fields', { count: Object.keys(line.fields).length })}
        </button>
      )}
      <span className={css.text}>{pieces(row.text, props.search)}</span>
      {isCut(row) && (
        <button type="button" className={css.more} onClick={() => onDetails(row)}>
          {t('log.show_all')}
        </button>
      )}
    </div>
  );
});

/** In words what its colour says: the level where it is not the usual one, and where it comes from. */
function Kind({ row: { line } }: { row: LogRow }) {
  const { t } = useTranslation('runs');
  const words = [
    line.stream === 'moulin' ? 'Moulin' : line.stream === 'stderr' ? 'stderr' : undefined,
    line.level === 'info' || line.stream === 'stderr' ? undefined : t(`levels.${line.level}`),
  ].filter(word => word !== undefined);
  return words.length === 0 ? null : <span className={css.kind}>{words.join(' ')}</span>;
}

function pieces(text: string, search: string | undefined): ReactNode {
  return parseAnsi(text.slice(0, SHOWN_CHARACTERS)).map((piece, position) =>
    drawPiece(piece, position, search),
  );
}

function drawPiece(piece: Piece, position: number, search: string | undefined): ReactNode {
  return (
    <span
      key={position}
      data-color={piece.color}
      data-bold={piece.bold}
      data-dim={piece.dim}
      data-italic={piece.italic}
      data-underline={piece.underline}
    >
      {search === undefined
        ? piece.text
        : piece.text.split(search).map((part, n) => drawPart(part, n, search))}
    </span>
  );
}

/** What stands between two matches has the match before it. */
function drawPart(part: string, position: number, search: string): ReactNode {
  return (
    <span key={position}>
      {position > 0 && <mark className={css.hit}>{search}</mark>}
      {part}
    </span>
  );
}
