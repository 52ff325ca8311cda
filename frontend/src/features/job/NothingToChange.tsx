import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck } from "lucide-react";
import { useApi } from "@/api/context";
import { taskQuery } from "@/api/queries";
import { type Job, type Task, taskPath } from "@/api/types";
import { plural } from "@/format/number";
import { firstLine } from "@/format/text";
import { PlainText } from "@/ui/PlainText";
import { Notice } from "@/ui/State";

/** Everything went well, and there is nothing to show for it: one repository's reason tells whether that is right. */
export default function NothingToChange({ job, tasks }: { job: Job; tasks: readonly Task[] }) {
  const sample = tasks.find((task) => task.outcome === "no_changes");
  return (
    <Notice tone="good" icon={<CircleCheck />}>
      {plural(job.repositoryCount, "repository", "repositories")} finished, nothing to change.{" "}
      {sample && <Reason task={sample} />}
    </Notice>
  );
}

function Reason({ task: { jobId, repositoryName } }: { task: Task }) {
  const { data: task } = useQuery(taskQuery(useApi(), jobId, repositoryName));
  return (
    <>
      In{" "}
      <Link
        to="/jobs/$jobId/repositories/$owner/$name"
        params={taskPath(jobId, repositoryName)}
        search={{ tab: "thread" }}
      >
        {repositoryName}
      </Link>
      {task?.summary ? (
        <>
          , for example: “<PlainText text={firstLine(task.summary, 300)} />”
        </>
      ) : (
        " the agent says why."
      )}
    </>
  );
}
