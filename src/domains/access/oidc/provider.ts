import type { Config } from '../../../contract/config.ts';
import type { Needs, Provider } from './openid.ts';

/** For `outbound.allow`: an issuer in the configuration is the operator's own word, wherever it stands. */
export function providerHosts({ issuer }: Pick<Config['oidc'], 'issuer'>): string[] {
  return issuer === null ? [] : [new URL(issuer).hostname.replace(/^\[(.*)\]$/, '$1')];
}

/** Undefined where none is configured; most installations never load the seven megabytes that speak OpenID. */
export function openProvider(parts: Needs): Provider | undefined {
  const { issuer } = parts.config.oidc;
  if (issuer === null) return undefined;
  let loaded: Promise<Provider> | undefined;
  const load = () => {
    loaded ??= import('./openid.ts').then(({ connect }) => connect(parts, issuer));
    return loaded;
  };
  return {
    issuer,
    begin: async () => (await load()).begin(),
    finish: async (pending, query) => (await load()).finish(pending, query),
  };
}
