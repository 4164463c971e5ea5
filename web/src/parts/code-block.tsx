import { useRef } from 'react';
import css from './code-block.module.css';
import { CopyIconButton } from './copy-button.tsx';
import { type JsonToken, jsonTokens } from './json-tokens.ts';
import { useScrollable } from './table/use-scrollable.ts';

/** Text of machines: keeps its lines, scrolls when it must, can be copied. */
export function CodeBlock({ text, label, json = false }: { text: string; label: string; json?: boolean }) {
  const box = useRef<HTMLPreElement>(null);
  const scrollable = useScrollable(box);
  return (
    <div className={css.block}>
      <pre
        ref={box}
        className={css.text}
        translate="no"
        // Only what scrolls is a stop of its own for the keyboard.
        {...(scrollable && { tabIndex: 0, role: 'region', 'aria-label': label })}
      >
        {json ? jsonTokens(text).map(Token) : text}
      </pre>
      <CopyIconButton text={text} className={css.copy} />
    </div>
  );
}

function Token({ kind, text }: JsonToken, position: number) {
  return (
    <span key={position} data-json={kind}>
      {text}
    </span>
  );
}
