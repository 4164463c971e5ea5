import { z } from 'zod';
import { IcebergError } from '../errors.ts';
import type { TableMetadata } from '../model.ts';
import { snapshotIdSchema } from './json.ts';
import { refOf } from './look.ts';
import { readAs } from './problem.ts';

// What must still be so for a commit to be made: the other half of a compare-and-swap.

export const requirementSchema = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.literal('assert-create') }),
    z.object({ type: z.literal('assert-table-uuid'), uuid: z.string() }),
    z.object({
      type: z.literal('assert-ref-snapshot-id'),
      ref: z.string(),
      /** Null: there must be no such ref. */
      'snapshot-id': snapshotIdSchema.nullish().transform(id => id ?? null),
    }),
    z.object({ type: z.literal('assert-last-assigned-field-id'), 'last-assigned-field-id': z.int() }),
    z.object({ type: z.literal('assert-current-schema-id'), 'current-schema-id': z.int() }),
    z.object({ type: z.literal('assert-last-assigned-partition-id'), 'last-assigned-partition-id': z.int() }),
    z.object({ type: z.literal('assert-default-spec-id'), 'default-spec-id': z.int() }),
    z.object({ type: z.literal('assert-default-sort-order-id'), 'default-sort-order-id': z.int() }),
  ],
  { error: issue => (issue.code === 'invalid_union' ? 'is no requirement that is known here' : undefined) },
);
export type Requirement = z.infer<typeof requirementSchema>;

/** What a client sent. Fails with `invalid`, and with the place of what is wrong. */
export function parseRequirements(json: unknown): Requirement[] {
  return readAs(z.array(requirementSchema), json, 'requirements', 'invalid');
}

/** Fails with `requirement` at the first that does not hold. Without metadata there is no table. */
export function checkRequirements(
  metadata: TableMetadata | undefined,
  requirements: readonly Requirement[],
): void {
  for (const requirement of requirements) {
    const [expected, found] = compared(metadata, requirement);
    if (expected !== found) throw failed(requirement.type, expected, found);
  }
}

type Compared = [expected: string, found: string];
const NONE = 'none';

function compared(metadata: TableMetadata | undefined, requirement: Requirement): Compared {
  if (requirement.type === 'assert-create') return ['no table', metadata ? 'a table' : 'no table'];
  if (!metadata) return ['a table', 'no table'];
  switch (requirement.type) {
    case 'assert-table-uuid':
      return [requirement.uuid.toLowerCase(), metadata['table-uuid'].toLowerCase()];
    case 'assert-ref-snapshot-id': {
      const found = refOf(metadata, requirement.ref)?.['snapshot-id'];
      return [String(requirement['snapshot-id'] ?? NONE), String(found ?? NONE)];
    }
    case 'assert-last-assigned-field-id':
      return numbers(requirement['last-assigned-field-id'], metadata['last-column-id']);
    case 'assert-current-schema-id':
      return numbers(requirement['current-schema-id'], metadata['current-schema-id']);
    case 'assert-last-assigned-partition-id':
      return numbers(requirement['last-assigned-partition-id'], metadata['last-partition-id']);
    case 'assert-default-spec-id':
      return numbers(requirement['default-spec-id'], metadata['default-spec-id']);
    case 'assert-default-sort-order-id':
      return numbers(requirement['default-sort-order-id'], metadata['default-sort-order-id']);
    default:
      return requirement satisfies never;
  }
}

function numbers(expected: number, found: number): Compared {
  return [String(expected), String(found)];
}

export function failed(requirement: string, expected: string, found: string): IcebergError {
  return new IcebergError('requirement', `${requirement}: expected ${expected}, found ${found}`, {
    requirement,
    expected,
    found,
  });
}
