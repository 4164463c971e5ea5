import { useFormat } from '../i18n/use-format.ts';
import { useNow } from './use-now.ts';

/** How long it took, or takes so far: then it counts. Nothing when it has not begun. */
export function Duration({ from, to }: { from: string | null; to: string | null }) {
  const { duration } = useFormat();
  const now = useNow(from !== null && to === null);
  if (from === null) return <span className="faint">–</span>;
  const end = to === null ? now : Date.parse(to);
  return <span className="figures">{duration(end - Date.parse(from))}</span>;
}
