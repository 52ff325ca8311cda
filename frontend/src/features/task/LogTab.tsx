import type { Task } from "@/api/types";

export default function LogTab({ attempt }: { task: Task; attempt: number }) {
  return <p>{attempt}</p>;
}
