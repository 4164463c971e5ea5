import { ApiError } from '../../api.ts';
import type { Spec } from './api-model.ts';

/** The description is no route of the contract (it describes the contract), so the typed client has no call for it. */
export async function fetchSpec(signal: AbortSignal): Promise<Spec> {
  try {
    const response = await fetch(SPEC_ADDRESS, { signal });
    if (response.ok) return await response.json();
    throw unavailable(`status ${response.status}`);
  } catch (error) {
    if (error instanceof ApiError || signal.aborted) throw error;
    throw unavailable(error instanceof Error ? error.message : String(error));
  }
}

export const SPEC_ADDRESS = '/api/v1/openapi.json';

function unavailable(reason: string): ApiError {
  return new ApiError({
    type: 'urn:moulin:error:client.unreachable',
    title: 'Moulin does not answer',
    status: 503,
    detail: `Moulin at ${location.origin} does not answer: ${reason}.`,
    code: 'client.unreachable',
    hint: 'Check that it runs (moulin status), the address, and the network between.',
    params: { server: location.origin, reason },
    request_id: '',
    errors: [],
  });
}
