/**
 * One spelling for one place. Java writes `file:/a`, others `file:///a` or the bare path, and Hadoop calls S3 `s3a`: a delete file that
 * names its data file in another way than the manifest does means the same file.
 */
export function normalLocation(location: string): string {
  if (location.startsWith('file:///') && location[8] !== '/') return location;
  return location.replace(LOCAL, 'file:///').replace(HADOOP_S3, 's3://');
}

const LOCAL = /^(?:file:(?:\/\/localhost\/)?\/*|\/+)/;
const HADOOP_S3 = /^s3[an]:\/\//;

/** The same in DuckDB. Most are right already, and a regular expression for each of millions of rows is not free. */
export function normalLocationSql(column: string): string {
  const right = `((starts_with(${column}, 'file:///') AND substring(${column}, 9, 1) <> '/') OR starts_with(${column}, 's3://'))`;
  const local = `regexp_replace(${column}, '^(file:(//localhost/)?/*|/+)', 'file:///')`;
  return `CASE WHEN ${right} THEN ${column} ELSE regexp_replace(${local}, '^s3[an]://', 's3://') END`;
}
