import type { z } from 'zod';
import type { RouteSpec } from '../../src/contract/route.ts';
import { API_PREFIX, type RouteName, routeEntries } from '../../src/contract/routes.ts';
import { code, groupBy, page, table } from './markdown.ts';
import { fieldsOf, shapeText } from './schema-text.ts';

const INTRODUCTION = `All addresses begin with \`${API_PREFIX}\`. The running server serves the same as OpenAPI 3.1 at \`${API_PREFIX}/openapi.json\`,
and a page to read and try it at \`/api-docs\`.

- **Who asks**: \`Authorization: Bearer TOKEN\`, or the session cookie of a browser.
- **Workspace**: a token is bound to one. A session names it with the header \`Moulin-Workspace\` (slug or id).
- **Pages**: \`?limit=&cursor=\` answers \`{ items, next_cursor }\`; \`next_cursor\` is null on the last page.
- **Saving**: a route that needs a version wants \`If-Match\` with the ETag that you read. Without it: 428. When somebody else saved first: 412.
- **Repeating**: a route marked *idempotent* takes an \`Idempotency-Key\`; the same key with the same body answers what the first call answered.
- **Scopes and instance rights** are listed in [permissions](permissions.md).
- **Failures** have one shape; see [errors](errors.md). Any route may answer \`request.invalid\`, \`auth.required\`, \`auth.forbidden\` and \`server.unavailable\`; the others are named below.`;

export function apiPage(): string {
  const tags = groupBy(routeEntries, ([, route]) => route.tag);
  return page('API', INTRODUCTION, [
    ...tags.map(([tag, routes]) =>
      [`## ${tag}`, ...routes.map(([name, route]) => routeText(name, route))].join('\n\n'),
    ),
  ]);
}

function routeText(name: RouteName, route: RouteSpec): string {
  return [
    `### ${name}`,
    `\`\`\`http\n${route.method} ${API_PREFIX}${route.path}\n\`\`\``,
    `${route.summary}. ${rights(route)}${marks(route)}`,
    ...inputs(route),
    output(route),
    ...(route.errors
      ? [`Errors: ${route.errors.map(error => `[${code(error)}](errors.md#${anchor(error)})`).join(', ')}.`]
      : []),
  ].join('\n\n');
}

function rights({ permission }: RouteSpec): string {
  if (permission === 'public') return 'Open to everybody.';
  if (permission === 'signed_in') return 'For whoever is signed in, about oneself.';
  return `Needs ${code(permission)}.`;
}

function marks({ idempotent, etag }: RouteSpec): string {
  const version = { read: ' Answers an ETag.', write: ' Needs a version (`If-Match`).' };
  return `${etag ? version[etag] : ''}${idempotent ? ' Idempotent.' : ''}`;
}

function inputs(route: RouteSpec): string[] {
  const parts: [string, z.ZodType | undefined][] = [
    ['path', route.params],
    ['query', route.query],
    ['body', route.body],
  ];
  const rows = parts.flatMap(([part, schema]) =>
    (schema ? fieldsOf(schema) : []).map(field => [
      code(field.name),
      part,
      field.type,
      field.required ? 'required' : '',
      field.note,
    ]),
  );
  return rows.length > 0 ? [table(['Field', 'In', 'Type', '', 'Notes'], rows)] : [];
}

function output(route: RouteSpec): string {
  if (route.output === 'empty') return 'Answers 204, or a redirect where the summary says so.';
  if (route.output === 'stream') return 'Answers 200 and streams.';
  return `Answers ${route.status ?? 200}:\n\n\`\`\`text\n${shapeText(route.output)}\n\`\`\``;
}

/** As GitHub makes anchors: dots go away, underscores stay. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}
