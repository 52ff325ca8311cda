export default function ProgressTab(_: Record<string, unknown>) {
  return null;
}
