import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { getCACertificates } from 'node:tls';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { LIMITS, type S3Limits, type S3Options } from './options.ts';

type Credentials = NonNullable<S3ClientConfig['credentials']>;

/** One for all requests of a storage: its connections, its budget of tries. */
export async function openClient(options: S3Options): Promise<S3Client> {
  const { endpoint, region, path_style, checksums } = options;
  const when = checksums ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  return new S3Client({
    region,
    ...(endpoint !== null && { endpoint }),
    forcePathStyle: path_style,
    followRegionRedirects: endpoint === null,
    requestChecksumCalculation: when,
    responseChecksumValidation: when,
    credentials: await credentialsOf(options),
    // The standard mode has the budget: 500 tokens for all requests, 5 for a try, more for a timeout, given back by success.
    retryMode: 'standard',
    maxAttempts: limitsOf(options).attempts,
    requestHandler: handlerOf(options),
  });
}

export function limitsOf({ limits }: S3Options): S3Limits {
  return { ...LIMITS, ...limits };
}

export async function credentialsOf({ credentials }: S3Options): Promise<Credentials> {
  if (credentials === 'aws_chain') {
    const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
    return fromNodeProviderChain();
  }
  const { access_key, secret_key, session_token } = credentials;
  return {
    accessKeyId: access_key,
    secretAccessKey: secret_key,
    ...(session_token !== null && { sessionToken: session_token }),
  };
}

/** How connections are made, for S3 and for those who hand out its credentials alike. */
export function handlerOf(options: S3Options) {
  const { ca, proxies, lookup } = options;
  const { connect_ms, idle_ms, request_ms } = limitsOf(options);
  const connections = {
    keepAlive: true,
    maxSockets: 64,
    ...(lookup !== undefined && { lookup }),
    ...(proxies.http + proxies.https !== '' && {
      proxyEnv: { HTTP_PROXY: proxies.http, HTTPS_PROXY: proxies.https, NO_PROXY: proxies.no_proxy },
    }),
  };
  // An authority of one's own stands beside the others, which naming one would put out of force.
  const authorities = ca === null ? {} : { ca: [...getCACertificates('default'), ca] };
  return {
    connectionTimeout: connect_ms,
    socketTimeout: idle_ms,
    requestTimeout: request_ms,
    throwOnRequestTimeout: true,
    httpAgent: new HttpAgent(connections),
    httpsAgent: new HttpsAgent({ ...connections, ...authorities }),
  };
}
