export default function PeekPane(_: Record<string, unknown>) {
  return null;
}
