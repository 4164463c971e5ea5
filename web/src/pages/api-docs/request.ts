import type { Operation, Parameter } from './api-model.ts';
import type { SampleRequest } from './code-samples.ts';

/** What somebody has filled in to try an operation. */
export interface Inputs {
  /** By name of the parameter; empty means left out. */
  values: Readonly<Record<string, string>>;
  body: string;
}

export function firstInputs(operation: Operation, workspace: string | undefined): Inputs {
  const values = Object.fromEntries(
    operation.parameters.map(parameter => [parameter.name, firstValue(parameter, workspace)]),
  );
  const { body } = operation;
  return { values, body: body === undefined ? '' : JSON.stringify(body.example ?? {}, null, 2) };
}

function firstValue({ name, required, schema }: Parameter, workspace: string | undefined): string {
  if (name === WORKSPACE_HEADER) return workspace ?? '';
  const example = required ? (schema.default ?? schema.examples?.[0]) : undefined;
  return example === undefined ? '' : String(example);
}

export const WORKSPACE_HEADER = 'Moulin-Workspace';

/** The request as it would be sent; a path parameter that is still open stays visible as `{id}`. */
export function buildRequest(operation: Operation, inputs: Inputs, origin: string): SampleRequest {
  const given = operation.parameters
    .map(parameter => ({ ...parameter, value: inputs.values[parameter.name] ?? '' }))
    .filter(({ value }) => value !== '');
  const inPlace = (place: Parameter['in']) => given.filter(parameter => parameter.in === place);
  const path = inPlace('path').reduce(
    (text, { name, value }) => text.replace(`{${name}}`, encodeURIComponent(value)),
    operation.path,
  );
  const query = new URLSearchParams(inPlace('query').map(({ name, value }) => [name, value])).toString();
  const changes = operation.method !== 'GET';
  return {
    method: operation.method,
    url: `${origin}${path}${query === '' ? '' : `?${query}`}`,
    headers: {
      // Also without a body: the server takes no change from a browser without it.
      ...(changes && { 'content-type': 'application/json' }),
      ...Object.fromEntries(inPlace('header').map(({ name, value }) => [name.toLowerCase(), value])),
    },
    body: operation.body === undefined ? undefined : inputs.body,
  };
}

/** What is still missing, or not JSON; nothing of it is sent. */
export function faultsOf(operation: Operation, inputs: Inputs): string[] {
  const missing = operation.parameters
    .filter(({ name, required }) => required && (inputs.values[name] ?? '') === '')
    .map(({ name }) => name);
  const broken = operation.body !== undefined && !isJson(inputs.body);
  return broken ? [...missing, 'body'] : missing;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
