/** The mark: four sails around a grain. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <rect x="1" y="1" width="22" height="22" rx="6" fill="var(--accent)" />
      <g stroke="var(--accent-ink)" strokeWidth="1.7" strokeLinecap="round" fill="none">
        <path d="M12 12 6.2 6.2M12 12l5.8-5.8M12 12l5.8 5.8M12 12l-5.8 5.8" />
        <path d="M6.2 6.2h3.1M17.8 6.2v3.1M17.8 17.8h-3.1M6.2 17.8v-3.1" />
      </g>
      <circle cx="12" cy="12" r="1.9" fill="var(--grain)" />
    </svg>
  );
}
