import type { ReactNode } from 'react';
import css from './tiles.module.css';

export interface Tile {
  label: string;
  figure: ReactNode;
  /** What the figure is of, or since when. */
  text?: ReactNode;
}

/** A few figures to take in at a glance. */
export function Tiles({ tiles }: { tiles: readonly Tile[] }) {
  return (
    <dl className={css.tiles}>
      {tiles.map(tile => (
        <div key={tile.label} className={css.tile}>
          <dt className={css.label}>{tile.label}</dt>
          <dd className={css.figure}>{tile.figure}</dd>
          {tile.text !== undefined && <dd className={css.text}>{tile.text}</dd>}
        </div>
      ))}
    </dl>
  );
}
