import { z } from 'zod';

export type ErrorParams = Record<string, string | number | boolean | null>;

interface ErrorEntry {
  status: number;
  /** Would the same request succeed later, with nothing changed by the caller? */
  retry: 'terminal' | 'transient';
  title: string;
  /** Names the thing and the value received; `{holes}` are filled from the parameters. Never a secret. */
  message: string;
  /** The next action. */
  hint: string;
}

/** Every expected error, in one place. `fail(code, params)` is the only way to raise one; docs and tests read this table. */
export const errors = {
  'request.invalid': {
    status: 400,
    retry: 'terminal',
    title: 'The request is not valid',
    message: 'The request has {count} problem(s): {summary}.',
    hint: 'Correct the fields listed under errors and send the request again.',
  },
  'request.malformed': {
    status: 400,
    retry: 'terminal',
    title: 'The request cannot be read',
    message: 'The request cannot be read: {reason}.',
    hint: 'Send a JSON body with Content-Type application/json.',
  },
  'request.too_large': {
    status: 413,
    retry: 'terminal',
    title: 'The request is too large',
    message: 'The request body is larger than {limit} bytes.',
    hint: 'Send less at once.',
  },
  'request.unsupported_media_type': {
    status: 415,
    retry: 'terminal',
    title: 'The content type is not accepted',
    message: 'The content type "{received}" is not accepted here.',
    hint: 'Send the body as application/json.',
  },
  'request.foreign_origin': {
    status: 403,
    retry: 'terminal',
    title: 'The request comes from another site',
    message: 'A browser sent this request on behalf of "{origin}", which is not this server.',
    hint: 'Open Moulin at its own address. Behind a proxy, set public_url and trusted_proxies.',
  },
  'request.unknown_host': {
    status: 421,
    retry: 'terminal',
    title: 'The host name is not ours',
    message: 'This server does not answer for the host "{host}".',
    hint: 'Use the address that Moulin printed, or set public_url to the address people use.',
  },
  'request.timeout': {
    status: 408,
    retry: 'transient',
    title: 'The request took too long',
    message: 'The request was not complete after {seconds} s.',
    hint: 'Send it again over a faster connection.',
  },
  'request.method_not_allowed': {
    status: 405,
    retry: 'terminal',
    title: 'The method is not allowed here',
    message: '{path} does not take {method}; it takes {allowed}.',
    hint: 'Use one of the methods it takes; the list of all addresses is at /api/v1/openapi.json.',
  },
  'request.headers_too_large': {
    status: 431,
    retry: 'terminal',
    title: 'The headers are too large',
    message: 'The headers of the request are larger than {limit} bytes.',
    hint: 'Send fewer or shorter headers; in a browser, delete the cookies of this address.',
  },
  'route.not_found': {
    status: 404,
    retry: 'terminal',
    title: 'There is nothing at this address',
    message: 'There is no {method} {path}.',
    hint: 'The list of all addresses is at /api/v1/openapi.json.',
  },
  'object.not_found': {
    status: 404,
    retry: 'terminal',
    title: 'Not found',
    message: 'There is no {kind} "{id}" here.',
    hint: 'It may have been deleted, or belong to another workspace.',
  },
  'version.required': {
    status: 428,
    retry: 'terminal',
    title: 'The version is missing',
    message: 'This change needs an If-Match header with the version you saw.',
    hint: 'Read the object first and send its ETag as If-Match.',
  },
  'version.conflict': {
    status: 412,
    retry: 'terminal',
    title: 'Someone else saved first',
    message: 'You changed version {expected}, but the current version is {current}.',
    hint: 'Read the object again, compare, and repeat your change.',
  },
  'idempotency.conflict': {
    status: 409,
    retry: 'terminal',
    title: 'The idempotency key was used for something else',
    message: 'The Idempotency-Key "{key}" was already used with another request.',
    hint: 'Use a new key for a new request.',
  },
  'idempotency.in_progress': {
    status: 409,
    retry: 'transient',
    title: 'The first request is still running',
    message: 'A request with the Idempotency-Key "{key}" is still running.',
    hint: 'Wait a moment and send it again.',
  },
  'idempotency.interrupted': {
    status: 409,
    retry: 'terminal',
    title: 'Nobody knows how the first request ended',
    message:
      'The first request with the Idempotency-Key "{key}" was interrupted, and may or may not have taken effect.',
    hint: 'Look whether it took effect; if not, send it again with a new key.',
  },
  'auth.required': {
    status: 401,
    retry: 'terminal',
    title: 'Sign in first',
    message: 'This needs a signed-in person or a token.',
    hint: 'Sign in, or send Authorization: Bearer with an API token.',
  },
  'auth.invalid': {
    status: 401,
    retry: 'terminal',
    title: 'The credentials are not valid',
    message: 'The session or token is unknown, expired or revoked.',
    hint: 'Sign in again, or make a new token.',
  },
  'auth.forbidden': {
    status: 403,
    retry: 'terminal',
    title: 'You may not do this',
    message: 'This needs the permission {permission}.',
    hint: 'Ask an owner or admin of the workspace for a role that holds it, or use a token with that scope.',
  },
  'workspace.required': {
    status: 400,
    retry: 'terminal',
    title: 'Say which workspace',
    message: 'This request is about a workspace, and none was named.',
    hint: 'Send the header Moulin-Workspace with a slug or id, or use a token, which is bound to one workspace.',
  },
  'sign_in.refused': {
    status: 401,
    retry: 'terminal',
    title: 'Sign-in refused',
    message: 'The e-mail address or the password is not right.',
    hint: 'Check both and try again, or ask an admin for a new link (moulin user link EMAIL).',
  },
  'sign_in.throttled': {
    status: 429,
    retry: 'transient',
    title: 'Too many attempts',
    message: 'Too many failed attempts from here; the next one is possible in {seconds} s.',
    hint: 'Wait, then try again. Signing in from another network is not affected.',
  },
  'sign_in.password_disabled': {
    status: 403,
    retry: 'terminal',
    title: 'Passwords are switched off',
    message: 'This installation signs in through its identity provider only.',
    hint: 'Use the button of the identity provider, or set oidc.password_login to true.',
  },
  'password.wrong': {
    status: 403,
    retry: 'terminal',
    title: 'The current password is not right',
    message: 'The current password is not right.',
    hint: 'Type the current password again.',
  },
  'password.too_common': {
    status: 400,
    retry: 'terminal',
    title: 'This password is too common',
    message: 'This password is among the most used ones.',
    hint: 'Choose another; a few unrelated words make a good one.',
  },
  'link.invalid': {
    status: 410,
    retry: 'terminal',
    title: 'The link does not work any more',
    message: 'The link is unknown, expired, withdrawn or was used already.',
    hint: 'Ask for a new one; on the server: moulin user link EMAIL.',
  },
  'account.not_a_person': {
    status: 403,
    retry: 'terminal',
    title: 'Only people can do this',
    message: 'This is about a person, and the request was made with a service account or locally.',
    hint: 'Sign in as a person.',
  },
  'oidc.not_configured': {
    status: 404,
    retry: 'terminal',
    title: 'No identity provider is configured',
    message: 'No identity provider is configured.',
    hint: 'Set oidc.issuer, oidc.client_id and oidc.client_secret.',
  },
  'oidc.unreachable': {
    status: 502,
    retry: 'transient',
    title: 'The identity provider does not answer',
    message: 'The identity provider {issuer} does not answer: {reason}.',
    hint: 'Check oidc.issuer and that this machine can reach it.',
  },
  'oidc.refused': {
    status: 403,
    retry: 'terminal',
    title: 'The identity provider did not confirm you',
    message: 'Sign-in through {issuer} failed: {reason}.',
    hint: 'Start again from the sign-in page. If it stays, show this text to an admin.',
  },
  'workspace.slug_taken': {
    status: 409,
    retry: 'terminal',
    title: 'The slug is taken',
    message: 'Another workspace already uses the slug "{slug}".',
    hint: 'Choose another slug.',
  },
  'workspace.not_confirmed': {
    status: 400,
    retry: 'terminal',
    title: 'Type the slug to confirm',
    message: 'Deleting needs the slug "{expected}", received "{received}".',
    hint: 'Type the slug exactly.',
  },
  'workspace.last_one': {
    status: 409,
    retry: 'terminal',
    title: 'The last workspace stays',
    message: 'This is the only workspace of the installation.',
    hint: 'Make another workspace first.',
  },
  'members.last_owner': {
    status: 409,
    retry: 'terminal',
    title: 'A workspace needs an owner',
    message: '{name} is the last owner of this workspace.',
    hint: 'Make somebody else an owner first.',
  },
  'members.owner_only': {
    status: 403,
    retry: 'terminal',
    title: 'Only an owner can do this',
    message: 'Only an owner may give, change or take away the role {role}.',
    hint: 'Ask an owner of the workspace.',
  },
  'members.already_member': {
    status: 409,
    retry: 'terminal',
    title: 'Already a member',
    message: '{email} already belongs to this workspace.',
    hint: 'Change the role in the list of members.',
  },
  'service_accounts.name_taken': {
    status: 409,
    retry: 'terminal',
    title: 'The name is taken',
    message: 'This workspace already has a service account "{name}".',
    hint: 'Choose another name.',
  },
  'users.last_admin': {
    status: 409,
    retry: 'terminal',
    title: 'The installation needs an administrator',
    message: 'This is the last account with the instance right {right}.',
    hint: 'Give the right to somebody else first.',
  },
  'config.invalid': {
    status: 500,
    retry: 'terminal',
    title: 'The configuration is not valid',
    message: 'The configuration has {count} problem(s): {summary}.',
    hint: 'Correct them all, then start again; moulin config lists every setting and where its value comes from.',
  },
  'config.file_unreadable': {
    status: 500,
    retry: 'terminal',
    title: 'The configuration file cannot be read',
    message: 'The configuration file {path} cannot be read: {reason}.',
    hint: 'Correct the file, or name another one with --config.',
  },
  'internal.unexpected': {
    status: 500,
    retry: 'transient',
    title: 'Something went wrong in Moulin',
    message: 'An unexpected error happened; it is in the log under request {request_id}.',
    hint: 'Try again. If it stays, report it with the request id.',
  },
  'events.too_many_streams': {
    status: 429,
    retry: 'transient',
    title: 'Too many live streams',
    message: 'There are already {count} live streams for {whom}, which is the limit.',
    hint: 'Close some tabs or clients, or poll /api/v1/events/list.',
  },
  'outbound.refused': {
    status: 403,
    retry: 'terminal',
    title: 'The address may not be called',
    message: 'The server does not call {address}: {reason}.',
    hint: 'If it is right, an operator lists it in outbound.allow (for example outbound.allow: [{host}]).',
  },
  'outbound.failed': {
    status: 502,
    retry: 'transient',
    title: 'The address does not answer',
    message: '{host} does not answer: {reason}.',
    hint: 'Check the address, and that this machine can reach it (proxy, DNS, certificate).',
  },
  'outbound.too_large': {
    status: 502,
    retry: 'terminal',
    title: 'The answer is too large',
    message: '{host} answered with more than {limit} bytes.',
    hint: 'Check the address; this is not what was expected there.',
  },
  'server.stopping': {
    status: 503,
    retry: 'transient',
    title: 'Moulin is stopping',
    message: 'This server is stopping and takes no new requests.',
    hint: 'Wait until it is back and try again.',
  },
  'server.insecure_binding': {
    status: 500,
    retry: 'terminal',
    title: 'This address would be readable by the network',
    message: 'Moulin would listen on {host}, beyond this machine, without TLS.',
    hint: 'Set tls.cert and tls.key, or trusted_proxies when a proxy does TLS, or accept the risk with --insecure-http.',
  },
  'server.tls_unreadable': {
    status: 500,
    retry: 'terminal',
    title: 'The certificate cannot be used',
    message: 'The TLS certificate {cert} with the key {key} cannot be used: {reason}.',
    hint: 'Give a PEM certificate (with its chain) and its PEM key in tls.cert and tls.key.',
  },
  'client.unreachable': {
    status: 503,
    retry: 'transient',
    title: 'Moulin does not answer',
    message: 'Moulin at {server} does not answer: {reason}.',
    hint: 'Check that it runs (moulin status), the address, and the network between.',
  },
  'client.unexpected_answer': {
    status: 502,
    retry: 'transient',
    title: 'The answer is not from Moulin',
    message: "The answer with status {status} is not one of Moulin's; something between may have sent it.",
    hint: 'Check the address; behind a proxy, look into its log.',
  },
  'server.unavailable': {
    status: 503,
    retry: 'transient',
    title: 'Not available right now',
    message: '{part} is not available right now.',
    hint: 'Wait a moment and try again; /health/ready shows the state of every part.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errors;
export const errorCodes = Object.keys(errors) as ErrorCode[];

export const problemFieldSchema = z.object({
  /** JSON path of the field: `body.email`, `query.limit`. */
  path: z.string(),
  code: z.string(),
  message: z.string(),
});
export type ProblemField = z.infer<typeof problemFieldSchema>;

/** RFC 9457, and what we add to it. Every failure of the API has this shape. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
  hint: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  request_id: z.string(),
  errors: z.array(problemFieldSchema),
});
export type Problem = z.infer<typeof problemSchema>;
