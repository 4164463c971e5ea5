import type { Socket } from 'node:net';
import { type Failure, fail, toProblem } from '../../base/kit/errors.ts';
import { newId } from '../../base/kit/ids.ts';
import type { ServerLimits } from './parts.ts';

/** What Node's HTTP parser refuses has no request and no reply, only a socket: the same shape, written by hand. */
export function answerBrokenRequest(
  error: NodeJS.ErrnoException,
  socket: Socket,
  limits: ServerLimits,
): void {
  // The other side is gone, or an answer is already on its way: another one would be read as part of it.
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const problem = toProblem(describe(error, limits), newId());
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${problem.request_id}`,
    'cache-control: no-store',
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function describe(error: NodeJS.ErrnoException, limits: ServerLimits): Failure {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return fail('request.headers_too_large', { limit: limits.header_bytes });
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return fail('request.timeout', { seconds: Math.round(limits.request_ms / 1000) });
    default:
      return fail('request.malformed', { reason: 'it is not valid HTTP' });
  }
}
