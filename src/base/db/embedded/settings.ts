/**
 * Sized for a laptop on which other things run too. Given on the command line at each start, so that an upgrade of Moulin
 * changes them and no file in the data folder can weaken them.
 */
export const SETTINGS: Readonly<Record<string, string>> = {
  // Durable: an acknowledged commit is on the disk.
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',

  // Eight connections in a pool and two beside it for each process; a server, workers and the launcher fit well.
  max_connections: '60',
  shared_buffers: '64MB',
  huge_pages: 'off',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  max_wal_size: '256MB',
  min_wal_size: '64MB',
  wal_compression: 'on',

  // Fewer processes: nobody replicates, reads are small, and asynchronous reads need workers of their own.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_replication_slots: '0',
  max_logical_replication_workers: '0',
  max_worker_processes: '4',
  max_parallel_workers: '2',
  io_method: 'sync',
  autovacuum_max_workers: '2',
  jit: 'off',

  // A client that was killed in the middle of a long statement stops it. Windows cannot tell.
  ...(process.platform === 'win32' ? {} : { client_connection_check_interval: '5s' }),
  password_encryption: 'scram-sha-256',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  log_destination: 'stderr',
  logging_collector: 'off',
  log_min_messages: 'warning',
  // The statement of a failing query may hold a secret; the application reports its failures itself.
  log_min_error_statement: 'panic',
  log_line_prefix: '%m [%p] ',
  log_checkpoints: 'off',
};

export function toArguments(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
