import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useApi } from "@/api/context";
import { asProblem } from "@/api/problem";
import { jobQuery } from "@/api/queries";
import { ProblemNotice, ProblemView } from "@/features/problem/ProblemView";
import { taskLook } from "@/features/status/StatusBadge";
import { buttonClass } from "@/ui/Button";
import { Page } from "@/ui/Page";
import { PlainText } from "@/ui/PlainText";
import { Skeleton } from "@/ui/State";
import { TaskActions } from "./TaskActions";
import { TaskFacts } from "./TaskFacts";
import { TaskHeading } from "./TaskHeading";
import { TaskNotices } from "./TaskNotices";
import { TaskParts } from "./TaskParts";
import { TaskSummary } from "./TaskSummary";
import { useLiveTask } from "./useLiveTask";
import { useTaskKeys } from "./useTaskKeys";

const route = getRouteApi("/jobs/$jobId/repositories/$owner/$name");

/** One repository of a job: what became of it, and what a person makes of that. */
export function TaskPage() {
  const { jobId, owner, name } = route.useParams();
  return <TaskScreen key={`${jobId}/${owner}/${name}`} jobId={jobId} repositoryName={`${owner}/${name}`} />;
}

function TaskScreen({ jobId, repositoryName }: { jobId: string; repositoryName: string }) {
  const job = useQuery(jobQuery(useApi(), jobId)).data;
  const { task, error, isPending, refetch, feed } = useLiveTask(jobId, repositoryName);
  useTaskKeys(jobId, repositoryName, feed);
  const jobName = job?.name ?? jobId;
  const trail = (
    <>
      <Link to="/jobs">Jobs</Link>
      <span aria-hidden>/</span>
      <Link to="/jobs/$jobId" params={{ jobId }}>
        <PlainText text={jobName} />
      </Link>
    </>
  );
  if (!task) {
    return (
      <Page title={`${repositoryName} · ${jobName}`} heading={repositoryName} trail={trail}>
        {isPending ? (
          <Skeleton label="Loading the repository" rows={8} />
        ) : (
          <ProblemView
            error={error}
            {...(asProblem(error).isPassing && { onRetry: () => void refetch() })}
            action={
              <Link to="/jobs/$jobId" params={{ jobId }} className={buttonClass()}>
                All repositories of the job
              </Link>
            }
          />
        )}
      </Page>
    );
  }
  return (
    <Page
      title={`${taskLook(task).word} · ${repositoryName} · ${jobName}`}
      heading={<TaskHeading task={task} />}
      trail={trail}
      aside={<TaskActions task={task} job={job} feed={feed} />}
    >
      {error && <ProblemNotice error={error} onRetry={() => void refetch()} />}
      <TaskFacts task={task} />
      <TaskNotices task={task} feed={feed} />
      <TaskSummary text={task.summary} />
      <TaskParts task={task} job={job} />
    </Page>
  );
}
