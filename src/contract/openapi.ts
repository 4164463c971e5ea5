import { z } from 'zod';
import * as access from './access.ts';
import { type ErrorCode, errorCodes, errors, problemFieldSchema, problemSchema } from './errors.ts';
import { isWorkspacePermission } from './permissions.ts';
import type { RouteSpec } from './route.ts';
import { API_PREFIX, routeEntries } from './routes.ts';
import * as system from './system.ts';

// OpenAPI 3.1 from the route table: pure, so that the document cannot say anything else than the server does.

/** JSON Schema 2020-12, which is what OpenAPI 3.1 speaks. */
export interface JsonSchema {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: boolean | JsonSchema;
  description?: string;
  [key: string]: unknown;
}

export interface OpenApiDocument {
  openapi: string;
  info: Record<string, unknown>;
  servers: readonly { url: string }[];
  tags: readonly { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, unknown> & { schemas: Record<string, JsonSchema> };
}

export interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  description: string;
  security: Record<string, string[]>[];
  parameters: Parameter[];
  requestBody?: { required: boolean; content: Record<string, { schema: JsonSchema; example?: unknown }> };
  responses: Record<string, unknown>;
  /** The permission that the caller needs; `public` and `signed_in` as in the table. */
  'x-permission': string;
}

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: JsonSchema;
}

export function openApiDocument(version: string): OpenApiDocument {
  const paths: OpenApiDocument['paths'] = {};
  for (const [name, route] of routeEntries)
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(name, route) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Moulin',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: API_PREFIX }],
    tags: [...new Set(routeEntries.map(([, route]) => route.tag))].map(name => ({ name })),
    paths,
    components: {
      schemas: namedSchemas(),
      securitySchemes: SECURITY_SCHEMES,
      headers: HEADERS,
      examples: Object.fromEntries(errorCodes.map(code => [code, { value: problemExample(code) }])),
    },
  };
}

const DESCRIPTION = `Lists answer \`{ items, next_cursor }\`: pass \`next_cursor\` as \`cursor\` until it is null.
Where a list can be sorted, \`sort\` names a field, \`-\` before it turns the order round, and a cursor holds for its order.
Every failure is \`application/problem+json\` with a \`code\`, a \`hint\` and all problems of the input at once.
A session names the workspace in the header \`Moulin-Workspace\`; a token is bound to one.`;

const SECURITY_SCHEMES = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API token (Settings, Tokens; or `moulin token add`).',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'moulin',
    description: 'The session of a browser; its name ends with the id of the installation.',
  },
};

const HEADERS = {
  ETag: { description: 'The version of the object; send it back as If-Match.', schema: { type: 'string' } },
  RequestId: { description: 'Finds the request in the log.', schema: { type: 'string' } },
  RetryAfter: { description: 'Seconds after which to try again.', schema: { type: 'string' } },
  Replayed: {
    description: '`true`: this is the stored answer of the first call with the same key.',
    schema: { type: 'string' },
  },
};

function operationOf(name: string, route: RouteSpec): Operation {
  return {
    operationId: name,
    summary: route.summary,
    tags: [route.tag],
    description: rightsText(route),
    security: route.permission === 'public' ? [] : [{ token: [] }, { session: [] }],
    parameters: parametersOf(route),
    ...(route.body && { requestBody: requestBody(route.body) }),
    ...(route.bytes && { requestBody: BYTES }),
    responses: { ...successOf(route), ...failuresOf(route) },
    'x-permission': route.permission,
  };
}

function rightsText({ permission }: RouteSpec): string {
  if (permission === 'public') return 'Open to everybody.';
  if (permission === 'signed_in') return 'For whoever is signed in, about oneself.';
  return `Needs the permission \`${permission}\`.`;
}

// ── What goes in ────────────────────────────────────────────────────────────────────────────────────

function parametersOf(route: RouteSpec): Parameter[] {
  return [
    ...parametersFrom('path', route.params),
    ...parametersFrom('query', route.query),
    ...parametersFrom('header', route.headers),
    ...(isWorkspacePermission(route.permission) ? [WORKSPACE] : []),
    ...(route.etag === 'write' ? [IF_MATCH] : []),
    ...(route.idempotent ? [IDEMPOTENCY_KEY] : []),
  ];
}

function parametersFrom(place: Parameter['in'], schema: z.ZodObject | undefined): Parameter[] {
  const { properties = {}, required = [] } = schema ? toJsonSchema(schema, 'input') : {};
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema: property,
  }));
}

const text: JsonSchema = { type: 'string' };
const WORKSPACE: Parameter = {
  name: 'Moulin-Workspace',
  in: 'header',
  required: false,
  description: 'Slug or id of the workspace. A session needs it; a token is bound to one workspace.',
  schema: text,
};
const IF_MATCH: Parameter = {
  name: 'If-Match',
  in: 'header',
  required: true,
  description: 'The ETag that you read, or its version in quotes.',
  schema: { ...text, examples: ['"3"'] },
};
const IDEMPOTENCY_KEY: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Any text of yours. The same key with the same request answers what the first call answered.',
  schema: { ...text, maxLength: 200 },
};

const BYTES: Operation['requestBody'] = {
  required: true,
  content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
};

function requestBody(body: z.ZodType): Operation['requestBody'] {
  const schema = toJsonSchema(body, 'input');
  return { required: true, content: { 'application/json': { schema, example: exampleOf(schema) } } };
}

// ── What comes out ──────────────────────────────────────────────────────────────────────────────────

function successOf(route: RouteSpec): Record<string, unknown> {
  const headers = {
    'X-Request-Id': { $ref: '#/components/headers/RequestId' },
    ...(route.etag && { ETag: { $ref: '#/components/headers/ETag' } }),
    ...(route.idempotent && { 'Idempotency-Replayed': { $ref: '#/components/headers/Replayed' } }),
  };
  const { output } = route;
  if (output === 'empty') return { 204: { description: 'Done; there is nothing to say.', headers } };
  const content =
    output === 'stream'
      ? { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }
      : { 'application/json': { schema: toJsonSchema(output, 'output') } };
  return {
    [route.status ?? 200]: { description: 'Done.', headers, content },
    ...(route.etag === 'read' && {
      304: { description: 'Not modified since the If-None-Match that you sent.', headers },
    }),
  };
}

/** What any call of the route may be refused with: its own errors, and those that its shape brings along. */
export function errorsOf(route: RouteSpec): ErrorCode[] {
  const takesInput = route.params || route.query || route.body || route.headers;
  const changes = route.method !== 'GET';
  const codes: ErrorCode[] = [
    ...(takesInput ? (['request.invalid'] as const) : []),
    ...(route.body ? (['request.malformed'] as const) : []),
    ...(route.body || route.bytes ? (['request.too_large'] as const) : []),
    ...(changes ? (['request.unsupported_media_type', 'request.foreign_origin'] as const) : []),
    ...(route.permission === 'public' ? [] : (['auth.required', 'auth.invalid'] as const)),
    ...(route.permission === 'public' || route.permission === 'signed_in'
      ? []
      : (['auth.forbidden'] as const)),
    ...(isWorkspacePermission(route.permission) ? (['workspace.required', 'object.not_found'] as const) : []),
    ...(route.etag === 'write' ? (['version.required', 'version.conflict'] as const) : []),
    ...(route.idempotent
      ? (['idempotency.conflict', 'idempotency.in_progress', 'idempotency.interrupted'] as const)
      : []),
    ...(route.errors ?? []),
    'request.unknown_host',
    'internal.unexpected',
    'server.unavailable',
  ];
  return [...new Set(codes)];
}

function failuresOf(route: RouteSpec): Record<string, unknown> {
  const byStatus = Map.groupBy(errorsOf(route), code => errors[code].status);
  return Object.fromEntries([...byStatus].map(([status, codes]) => [status, failure(codes)]));
}

function failure(codes: readonly ErrorCode[]): unknown {
  return {
    description: codes.map(code => `\`${code}\`: ${errors[code].title}.`).join('\n\n'),
    headers: {
      'X-Request-Id': { $ref: '#/components/headers/RequestId' },
      ...(codes.some(code => errors[code].retry === 'transient') && {
        'Retry-After': { $ref: '#/components/headers/RetryAfter' },
      }),
    },
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(codes.map(code => [code, { $ref: `#/components/examples/${code}` }])),
      },
    },
  };
}

function problemExample(code: ErrorCode): unknown {
  const { status, title, message, hint } = errors[code];
  const request_id = EXAMPLES.uuid;
  return {
    type: `urn:moulin:error:${code}`,
    title,
    status,
    detail: message,
    code,
    hint,
    params: {},
    request_id,
    errors: [],
  };
}

// ── Schemas ─────────────────────────────────────────────────────────────────────────────────────────

/** The things of the API have names, once; tools make types of them. */
const NAMED = new Map<unknown, string>([
  [access.meSchema, 'Me'],
  [access.membershipSummarySchema, 'MembershipSummary'],
  [access.signInOptionsSchema, 'SignInOptions'],
  [access.linkSchema, 'Link'],
  [access.workspaceSchema, 'Workspace'],
  [access.workspaceOverviewSchema, 'WorkspaceOverview'],
  [access.memberSchema, 'Member'],
  [access.invitationSchema, 'Invitation'],
  [access.sessionSchema, 'Session'],
  [access.tokenSchema, 'Token'],
  [access.createdTokenSchema, 'CreatedToken'],
  [access.serviceAccountSchema, 'ServiceAccount'],
  [access.auditEntrySchema, 'AuditEntry'],
  [access.instanceUserSchema, 'InstanceUser'],
  [system.partStateSchema, 'PartState'],
  [system.configEntrySchema, 'ConfigEntry'],
  [system.systemSchema, 'System'],
  [system.eventSchema, 'Event'],
  [problemFieldSchema, 'ProblemField'],
  [problemSchema, 'Problem'],
]);

function namedSchemas(): Record<string, JsonSchema> {
  const named = [...NAMED].map(([schema, name]) => [name, toJsonSchema(schema as z.ZodType, 'output', name)]);
  return Object.fromEntries([...named, ['Json', JSON_SCHEMA]]);
}

/** Any JSON: the one schema that contains itself. */
const JSON_REF = '#/components/schemas/Json';
const JSON_SCHEMA: JsonSchema = {
  anyOf: [
    ...['string', 'number', 'boolean', 'null'].map(type => ({ type })),
    { type: 'array', items: { $ref: JSON_REF } },
    { type: 'object', additionalProperties: { $ref: JSON_REF } },
  ],
};

export function toJsonSchema(schema: z.ZodType, io: 'input' | 'output', itself?: string): JsonSchema {
  const { $schema, $defs, ...root } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const name = io === 'output' ? NAMED.get(zodSchema) : undefined;
      if (name !== undefined && name !== itself)
        replace(jsonSchema, { $ref: `#/components/schemas/${name}` });
      // Answers may grow; a client that refuses what it does not know would break at our next version.
      else if (io === 'output' && jsonSchema.additionalProperties === false)
        delete jsonSchema.additionalProperties;
      // The format says it, in fewer letters than the expression that checks it.
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      // Our mark of a secret field, in the word that forms understand.
      if (jsonSchema.secret === true)
        replace(jsonSchema, { ...jsonSchema, secret: undefined, format: 'password' });
    },
  }) as JsonSchema;
  for (const [name, definition] of Object.entries($defs ?? {}))
    if (!isAnyJson(definition)) throw new Error(`A schema that contains itself needs a name: ${name}`);
  return mapRefs(root);
}

function replace(target: object, content: object): void {
  for (const key of Object.keys(target)) Reflect.deleteProperty(target, key);
  for (const [key, value] of Object.entries(content))
    if (value !== undefined) Reflect.set(target, key, value);
}

function isAnyJson({ anyOf }: JsonSchema): boolean {
  return Array.isArray(anyOf) && anyOf.length === 6;
}

/** zod's definitions are local to a schema; ours live in the document. */
function mapRefs<T>(value: T): T {
  if (Array.isArray(value)) return value.map(mapRefs) as T;
  if (typeof value !== 'object' || value === null) return value;
  const pairs = Object.entries(value).map(([key, item]) =>
    key === '$ref' && String(item).startsWith('#/$defs/') ? [key, JSON_REF] : [key, mapRefs(item)],
  );
  return Object.fromEntries(pairs) as T;
}

const EXAMPLES: Record<string, string> = {
  uuid: '01987b2c-7f3a-7c1e-9d55-0a4be91c6f20',
  'date-time': '2026-11-21T12:00:00.000000Z',
};

/** A body to start from: the required fields, with a value of the right kind. */
function exampleOf(schema: JsonSchema): unknown {
  const [first] = (schema.enum ?? schema.anyOf ?? schema.oneOf ?? []) as unknown[];
  if (schema.default !== undefined) return schema.default;
  if (schema.example !== undefined) return schema.example;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return first;
  if (schema.anyOf !== undefined || schema.oneOf !== undefined) return exampleOf(first as JsonSchema);
  switch (schema.type) {
    case 'object': {
      const wanted = Object.entries(schema.properties ?? {}).filter(([name]) =>
        schema.required?.includes(name),
      );
      return Object.fromEntries(
        wanted.map(([name, property]) => [name, exampleOf({ example: NAMES[name], ...property })]),
      );
    }
    case 'array':
      return schema.items ? [exampleOf(schema.items)] : [];
    case 'integer':
    case 'number':
      return Math.max(1, Number(schema.minimum ?? 1));
    case 'boolean':
      return true;
    default:
      return EXAMPLES[String(schema.format)] ?? '…'.repeat(Math.max(1, Number(schema.minLength ?? 1)));
  }
}

const NAMES: Record<string, string> = {
  email: 'ada@example.com',
  name: 'Ada Lovelace',
  workspace: 'main',
  slug: 'main',
};
