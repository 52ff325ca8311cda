import { type ReactNode } from "react";
import type { Job, JobRequest } from "@/api/types";
import { useApi } from "@/api/context";
import { toCurl } from "@/features/newjob/curl";
import { chosenLevels, levelWords, ruleWords } from "@/features/newjob/gates";
import { toYaml } from "@/features/newjob/yaml";
import { money } from "@/format/money";
import { count } from "@/format/number";
import { duration } from "@/format/time";
import { Card } from "@/ui/Card";
import { CopyButton } from "@/ui/CopyButton";
import { PlainText } from "@/ui/PlainText";
import { requestOf } from "./request";
import styles from "./RequestTab.module.css";

const shownNames = 10;

/** What was asked for: everything that one needs to ask for it again, here or elsewhere. */
export default function RequestTab({ job, names }: { job: Job; names: readonly string[] }) {
  const { config } = useApi();
  const { agent, pullRequest } = job;
  const request = requestOf(job, names);
  const curl = (body: JobRequest) =>
    toCurl(body, {
      apiBaseUrl: config.apiBaseUrl,
      idempotencyKey: `again-${job.jobId}`,
      hasToken: config.authorization === "token",
    });
  const asked = job.prompt || (agent.script ?? "");
  return (
    <div className={styles.request}>
      <div className={styles.main}>
        <Card title={agent.script ? "Script" : "Prompt"} aside={<CopyButton text={asked} label="Copy" />}>
          <pre className={styles.text} data-code={agent.script ? "" : undefined}>
            <PlainText text={asked} />
          </pre>
          {job.description && (
            <p className={styles.description}>
              <PlainText text={job.description} />
            </p>
          )}
        </Card>
        <Card title="The job as a file" aside={<CopyButton text={() => toYaml(request)} label="Copy YAML" />}>
          <p className={styles.hint}>
            <code>codybatch job create -f job.yaml</code> starts the same again.
          </p>
          <pre className={styles.text} data-code tabIndex={0} role="region" aria-label="The job as YAML">
            {toYaml(shortened(request))}
          </pre>
        </Card>
        <Card title="The job as a request" aside={<CopyButton text={() => curl(request)} label="Copy curl" />}>
          <pre className={styles.text} data-code tabIndex={0} role="region" aria-label="The job as a request with curl">
            {curl(shortened(request))}
          </pre>
        </Card>
      </div>
      <div className={styles.side}>
        <Card title="Agent">
          <Facts>
            <Fact word="Runs">{agent.type === "script" ? "a script" : (agent.model ?? agent.type)}</Fact>
            {agent.maxTurns !== null && <Fact word="Turns">at most {count(agent.maxTurns)}</Fact>}
            <Fact word="Time">at most {duration(agent.timeoutSeconds * 1000)} an attempt</Fact>
            {agent.maxCostUsd !== null && <Fact word="Cost">at most {money(agent.maxCostUsd)} an attempt</Fact>}
            <Fact word="Whole job">
              {job.maxCostUsd === null ? "no cap of its own" : `at most ${money(job.maxCostUsd)}`}
            </Fact>
          </Facts>
        </Card>
        <Card title="Verification">
          {job.verify.length === 0 ? (
            <p className={styles.hint}>No commands were given. Nothing was tested after the changes.</p>
          ) : (
            <ol className={styles.commands}>
              {job.verify.map((command, i) => (
                <li key={i}>
                  <code>
                    <PlainText text={command} />
                  </code>
                </li>
              ))}
            </ol>
          )}
        </Card>
        <Card title="Gates">
          <Facts>
            {chosenLevels(job.gates).map(([rule, level]) => (
              <Fact key={rule} word={ruleWords(rule)}>
                {levelWords(level)}
              </Fact>
            ))}
            <Fact word="Other rules">have their defaults</Fact>
            <Fact word="Judge">{job.judge ? "takes a second look at every change" : "not asked"}</Fact>
          </Facts>
        </Card>
        <Card title="Pull requests">
          <Facts>
            <Fact word="Published">{job.createPullRequests ? "at once, if all passed" : "when a person says so"}</Fact>
            <Fact word="Title">
              <PlainText text={pullRequest.title} />
            </Fact>
            <Fact word="Branch">
              <code>
                <PlainText text={pullRequest.branch} />
              </code>
            </Fact>
            <Fact word="Into">{pullRequest.base || "the default branch of each repository"}</Fact>
            {pullRequest.draft && <Fact word="Draft">yes</Fact>}
            {pullRequest.labels.length > 0 && <Fact word="Labels">{pullRequest.labels.join(", ")}</Fact>}
            {pullRequest.reviewers.length > 0 && <Fact word="Reviewers">{pullRequest.reviewers.join(", ")}</Fact>}
          </Facts>
          {pullRequest.body && (
            <pre className={styles.text}>
              <PlainText text={pullRequest.body} />
            </pre>
          )}
        </Card>
      </div>
    </div>
  );
}

/** Shown, a list of thousands would hide the rest; copied, it is whole. */
function shortened(request: JobRequest): JobRequest {
  const names = request.repositories;
  if (names.length <= shownNames) return request;
  return { ...request, repositories: [...names.slice(0, shownNames), `… ${count(names.length - shownNames)} more`] };
}

function Facts({ children }: { children: ReactNode }) {
  return <dl className={styles.facts}>{children}</dl>;
}

function Fact({ word, children }: { word: string; children: ReactNode }) {
  return (
    <>
      <dt>{word}</dt>
      <dd>{children}</dd>
    </>
  );
}
