import type { System } from '../../../../src/contract/system.ts';

/** Everything of the page as plain text, for a ticket or a mail: what is set, not what is as always. In English, as logs are. */
export function systemReport(system: System): string {
  const { memory, disk } = system;
  return [
    `Moulin ${system.version} on Node.js ${system.node}, ${system.platform}`,
    `PostgreSQL ${system.postgres}, schema ${system.schema_version}`,
    `installation ${system.instance_id}, started ${system.started_at}`,
    `memory ${memory.rss_bytes} of ${memory.total_bytes} bytes; disk ${disk.free_bytes} free of ${disk.total_bytes}; store ${disk.store_bytes}`,
    '',
    'Parts',
    ...system.parts.map(({ name, state, detail, facts }) =>
      `  ${name}: ${state}${detail === '' ? '' : `, ${detail}`} ${JSON.stringify(facts)}`.trimEnd(),
    ),
    '',
    'Settings that are not the default',
    ...system.config
      .filter(entry => entry.origin !== 'default')
      .map(({ key, value, origin, source }) => `  ${key} = ${JSON.stringify(value)} (${source ?? origin})`),
    '',
  ].join('\n');
}
