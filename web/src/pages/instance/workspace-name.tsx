import { Link } from '@tanstack/react-router';

interface WorkspaceNameProps {
  workspace: { slug: string; name: string };
  /** Only members can go in: to others it looks as if it did not exist. */
  linked: boolean;
}

export function WorkspaceName({ workspace, linked }: WorkspaceNameProps) {
  const name = <bdi title={workspace.name}>{workspace.name}</bdi>;
  return linked ? <Link to={`/w/${workspace.slug}`}>{name}</Link> : name;
}
