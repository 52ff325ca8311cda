export default function GroupsTab(_: Record<string, unknown>) {
  return null;
}
