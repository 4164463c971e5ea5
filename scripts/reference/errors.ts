import { type ErrorCode, errorCodes, errors } from '../../src/contract/errors.ts';
import { routeEntries } from '../../src/contract/routes.ts';
import { code, groupBy, page } from './markdown.ts';

const INTRODUCTION = `Every failure of the API is \`application/problem+json\` with the fields \`type\`, \`title\`, \`status\`, \`detail\`, \`code\`,
\`hint\`, \`params\`, \`request_id\` and \`errors\` (one entry per field of the input that is not right, all at once). Programs should look at \`code\`: it stays, the texts may
become better. The command line prints the same message and hint.

*Transient* means that the same request may succeed later with nothing changed; *terminal* means that it will not.
Words in braces are filled in.`;

export function errorsPage(): string {
  const areas = groupBy(errorCodes, name => name.split('.')[0] ?? '');
  return page(
    'Errors',
    INTRODUCTION,
    areas.map(([area, codes]) => [`## ${area}`, ...codes.map(entryOf)].join('\n\n')),
  );
}

function entryOf(name: ErrorCode): string {
  const { status, retry, title, message, hint } = errors[name];
  const routes = routeEntries
    .filter(([, route]) => route.errors?.includes(name))
    .map(([route]) => code(route));
  return [
    `### ${name}`,
    `**${title}.** ${status}, ${retry}.`,
    `> ${message}\n>\n> ${hint}`,
    ...(routes.length > 0 ? [`Named by ${routes.join(', ')}.`] : []),
  ].join('\n\n');
}
