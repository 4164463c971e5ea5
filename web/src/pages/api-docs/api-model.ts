import type { Named, Schema } from './schema.ts';

// What the pages show of the API's own description (OpenAPI 3.1, `src/contract/openapi.ts`). Pure.

interface Reference {
  $ref: string;
}

interface Problem {
  title: string;
  status: number;
  code: string;
  detail: string;
  hint: string;
}

interface Content {
  schema?: Schema;
  example?: unknown;
  examples?: Readonly<Record<string, Reference>>;
}

interface SpecOperation {
  operationId: string;
  summary: string;
  tags: readonly string[];
  parameters: readonly Parameter[];
  requestBody?: { content: Readonly<Record<string, Content>> };
  responses: Readonly<Record<string, { content?: Readonly<Record<string, Content>> }>>;
  'x-permission': string;
}

export interface Spec {
  info: { version: string };
  servers: readonly { url: string }[];
  paths: Readonly<Record<string, Readonly<Record<string, SpecOperation>>>>;
  components: {
    schemas: Named;
    examples: Readonly<Record<string, { value: Problem }>>;
  };
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: Schema;
}

export interface Operation {
  id: string;
  method: string;
  /** With the prefix: `/api/v1/members/{id}`. */
  path: string;
  summary: string;
  tag: string;
  permission: string;
  parameters: readonly Parameter[];
  body: { schema: Schema; example: unknown } | undefined;
  answer: { status: number; schema: Schema | undefined; stream: boolean };
  errors: readonly Problem[];
}

export interface Api {
  version: string;
  base: string;
  named: Named;
  /** In the order of the document. */
  operations: readonly Operation[];
}

export function readSpec(spec: Spec): Api {
  const base = spec.servers[0]?.url ?? '';
  const operations = Object.entries(spec.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      readOperation(spec, `${base}${path}`, method.toUpperCase(), operation),
    ),
  );
  return { version: spec.info.version, base, named: spec.components.schemas, operations };
}

function readOperation(spec: Spec, path: string, method: string, operation: SpecOperation): Operation {
  const body = operation.requestBody?.content['application/json'];
  return {
    id: operation.operationId,
    method,
    path,
    summary: operation.summary,
    tag: operation.tags[0] ?? '',
    permission: operation['x-permission'],
    parameters: operation.parameters,
    body: body?.schema === undefined ? undefined : { schema: body.schema, example: body.example },
    answer: readAnswer(operation),
    errors: readErrors(spec, operation),
  };
}

function readAnswer({ responses }: SpecOperation): Operation['answer'] {
  const [status, response] = Object.entries(responses).find(([code]) => code.startsWith('2')) ?? ['200', {}];
  const json = response.content?.['application/json'];
  const stream = response.content !== undefined && json === undefined;
  return { status: Number(status), schema: json?.schema, stream };
}

function readErrors(spec: Spec, { responses }: SpecOperation): Problem[] {
  return Object.values(responses).flatMap(({ content }) =>
    Object.keys(content?.['application/problem+json']?.examples ?? {}).flatMap(
      code => spec.components.examples[code]?.value ?? [],
    ),
  );
}

/** Operations by tag, those first that come first; a search finds words of the summary, the path, the method and the name. */
export function groupOperations(
  operations: readonly Operation[],
  search: string,
  textOf: (operation: Operation) => string,
): [tag: string, operations: Operation[]][] {
  const words = search.toLowerCase().split(/\s+/);
  const found = operations.filter(operation => {
    const text = `${operation.method} ${operation.path} ${operation.id} ${textOf(operation)}`.toLowerCase();
    return words.every(word => text.includes(word));
  });
  return [...Map.groupBy(found, operation => operation.tag)];
}
