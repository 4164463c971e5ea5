// Preloaded into a process: writes down every name that it looks up and every address that it connects to, one per line.
import dns from 'node:dns';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

const note = what => appendFileSync(process.env.CONNECTIONS_FILE, `${what}\n`);

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...words) {
  // `net.connect` hands its arguments on as one list. They are options, a path, or a port and a host.
  const [target, host] = Array.isArray(words[0]) ? words[0] : words;
  const place = typeof target === 'object' ? (target.path ?? target.host) : /\D/.test(target) ? target : host;
  note(typeof place === 'string' ? place : 'localhost');
  return connect.apply(this, words);
};

for (const api of [dns, dns.promises])
  for (const name of Object.keys(api).filter(key => /^(lookup|resolve|reverse)/.test(key))) {
    const ask = api[name];
    api[name] = (host, ...rest) => {
      note(host);
      return ask.call(api, host, ...rest);
    };
  }
syncBuiltinESMExports();
