import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { isFailure } from '../../../base/kit/errors.ts';
import { choosePort, holderOf, listenersOn } from './ports.ts';

const taken =
  (...ports: number[]) =>
  async (_host: string, port: number) =>
    !ports.includes(port);
const byDefault = { host: '127.0.0.1', port: 4610, is_explicit: false };

test('the default moves to the next free pair when either of its two ports is taken', async () => {
  assert.equal(await choosePort(byDefault, taken()), 4610);
  assert.equal(await choosePort(byDefault, taken(4610)), 4612);
  assert.equal(await choosePort(byDefault, taken(4611)), 4612);
  assert.equal(await choosePort(byDefault, taken(4610, 4613)), 4614);
});

test('a folder keeps the pair it settled on, and leaves it when somebody took it', async () => {
  assert.equal(await choosePort({ ...byDefault, remembered: 4620 }, taken(4610)), 4620);
  assert.equal(await choosePort({ ...byDefault, remembered: 4620 }, taken(4620)), 4610);
});

test('an explicit port needs no free neighbour and never moves', async () => {
  const explicit = { ...byDefault, is_explicit: true };
  assert.equal(await choosePort(explicit, taken(4611)), 4610);
  await assert.rejects(choosePort(explicit, taken(4610)), error => isFailure(error, 'port.taken'));
});

test('a port that is really taken names the process that holds it', async t => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await assert.rejects(choosePort({ host: '127.0.0.1', port, is_explicit: true }), error => {
    assert.ok(isFailure(error, 'port.taken'));
    assert.equal(error.params.port, port);
    if (process.platform === 'linux')
      assert.match(String(error.params.holder), new RegExp(`process ${process.pid}`));
    return true;
  });
  if (process.platform === 'linux') assert.match(holderOf(port) ?? '', /\(process \d+\)/);
});

test('a host that is not of this machine is refused in words', async () => {
  const foreign = choosePort({ host: '203.0.113.7', port: 4610, is_explicit: true });
  await assert.rejects(foreign, error => isFailure(error, 'host.unusable'));
});

test('only listening sockets of exactly that port count', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:1202 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1',
    '   1: 0100007F:1202 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 222 1',
    '   2: 0100007F:9999 0100007F:1202 01 00000000:00000000 00:00000000 00000000     0        0 333 1',
  ].join('\n');
  assert.deepEqual(listenersOn(4610, table), ['111']);
});
