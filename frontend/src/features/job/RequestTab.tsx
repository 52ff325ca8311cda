export default function RequestTab(_: Record<string, unknown>) {
  return null;
}
