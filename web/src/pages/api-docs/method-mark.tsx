import css from './method-mark.module.css';

/** `GET` reads, the others change; the word is always there, the colour only helps. */
export function MethodMark({ method }: { method: string }) {
  return (
    <span className={css.mark} data-method={method} translate="no">
      {method}
    </span>
  );
}
