export interface LogViewerProps {
  task_id: string;
  attempt: number;
  /** For the names of files. */
  name: string;
  /** Of the attempt: what relative times begin at. */
  started_at: string;
  /** Where one begins who was sent to no line: at the end of what still runs or went wrong. */
  begin: 'start' | 'end';
}
