// Files that people send, and files that are made for them. Beside the lake, not in it: an import takes them in, and a day later
// they are gone.

const UPLOADS = 'artifacts/uploads';
const EXPORTS = 'artifacts/exports';

export function uploadPrefix(workspace_id: string, upload_id: string): string {
  return `${UPLOADS}/${workspace_id}/${upload_id}/`;
}

/** Parts in the order of their numbers are in the order of their names. */
export function uploadKey(workspace_id: string, upload_id: string, part: number): string {
  return `${uploadPrefix(workspace_id, upload_id)}${String(part).padStart(5, '0')}`;
}

export function exportPrefix(workspace_id: string, run_id: string): string {
  return `${EXPORTS}/${workspace_id}/${run_id}/`;
}

/** What may be deleted by its age alone, which its id says. */
export const KEPT_A_DAY: readonly string[] = [`${UPLOADS}/`, `${EXPORTS}/`];

/** When the id in a key was made: ids begin with their time. */
export function madeAt(key: string): number | undefined {
  const id = key.split('/')[3];
  if (id === undefined || !/^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id)) return undefined;
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
