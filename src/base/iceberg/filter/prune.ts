import type { DataFile, ManifestFile, PartitionSpec } from '../model.ts';
import { allHold, factsOfFile, factsOfSummary, factsOfValue, mayHold } from './facts.ts';
import { type BoundFilter, decide, type Predicate, predicatesOf } from './filter.ts';
import { projectInclusive, projectStrict } from './project.ts';

/** The questions that a plan asks of each file and manifest of one partition spec. */
export interface Pruning {
  /** Never false for a file with a row that matches. */
  mayMatch(file: DataFile): boolean;
  /** Never true for a file with a row that does not match. */
  allMatch(file: DataFile): boolean;
  /** Never false for a manifest with a file with a row that matches. */
  mayMatchAny(manifest: Pick<ManifestFile, 'partitions'>): boolean;
  /** By its partition alone, whatever its own statistics: of files of deletes, whose counts and bounds are about deletes. */
  mayMatchPartition(file: Pick<DataFile, 'partition'>): boolean;
}

interface Projected {
  /** Of which partition field. */
  at: number;
  predicate: Predicate;
}

/** Projections are worked out once for a spec, not for each of thirty thousand files. */
export function pruning(filter: BoundFilter, spec: PartitionSpec): Pruning {
  const predicates = predicatesOf(filter);
  const loose = new Map(
    predicates.map(predicate => [predicate, projections(predicate, spec, projectInclusive)]),
  );
  const tight = new Map(
    predicates.map(predicate => [predicate, projections(predicate, spec, projectStrict)]),
  );
  const partitionMay = (predicate: Predicate, file: Pick<DataFile, 'partition'>) =>
    (loose.get(predicate) ?? []).every(one => mayHold(one.predicate, factsOfPartition(file, one)));
  const partitionAll = (predicate: Predicate, file: DataFile) =>
    (tight.get(predicate) ?? []).some(one => allHold(one.predicate, factsOfPartition(file, one)));
  return {
    mayMatch: file =>
      file.record_count !== 0 &&
      decide(
        filter,
        predicate => partitionMay(predicate, file) && mayHold(predicate, factsOfFile(file, predicate.field)),
      ),
    allMatch: file =>
      file.record_count === 0 ||
      decide(
        filter,
        predicate => partitionAll(predicate, file) || allHold(predicate, factsOfFile(file, predicate.field)),
      ),
    mayMatchAny: manifest =>
      decide(filter, predicate => summariesMay(loose.get(predicate) ?? [], manifest.partitions)),
    mayMatchPartition: file => decide(filter, predicate => partitionMay(predicate, file)),
  };
}

function projections(
  predicate: Predicate,
  spec: PartitionSpec,
  through: typeof projectInclusive,
): Projected[] {
  return spec.fields.flatMap((field, at) => {
    const projected = through(predicate, field);
    return projected === undefined ? [] : [{ at, predicate: projected }];
  });
}

function factsOfPartition(file: Pick<DataFile, 'partition'>, { at, predicate }: Projected) {
  return factsOfValue(file.partition[at], predicate.field.type);
}

function summariesMay(projected: readonly Projected[], summaries: ManifestFile['partitions']): boolean {
  return projected.every(({ at, predicate }) => {
    const summary = summaries?.[at];
    return summary === undefined || mayHold(predicate, factsOfSummary(summary, predicate.field.type));
  });
}
