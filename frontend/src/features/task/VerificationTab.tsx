import type { Task } from "@/api/types";

export default function VerificationTab({ task }: { task: Task }) {
  return <p>{task.verification.length}</p>;
}
