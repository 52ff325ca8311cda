import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check } from "lucide-react";
import { useApi } from "@/api/context";
import { healthQuery, repositoriesQuery } from "@/api/queries";
import { buttonClass } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { firstSteps } from "./firstSteps";
import styles from "./FirstSteps.module.css";

const words = { done: "Done", open: "To do", unknown: "Not known yet" };

/** What a person does who has just started the server. */
export function FirstSteps() {
  const api = useApi();
  const health = useQuery(healthQuery(api));
  const repositories = useInfiniteQuery(repositoriesQuery(api, ""));
  const admitted = repositories.data?.pages.reduce((sum, page) => sum + page.repositories.length, 0);
  return (
    <Card title="Three steps to the first pull requests">
      <ol className={styles.steps}>
        {firstSteps(health.data, admitted).map((step, i) => (
          <li key={step.title} data-state={step.state}>
            <span className={styles.mark}>
              {step.state === "done" ? <Check aria-hidden /> : <span aria-hidden>{i + 1}</span>}
              <span className="visually-hidden">{words[step.state]}:</span>
            </span>
            <div className={styles.text}>
              <h3>{step.title}</h3>
              <p>{step.detail}</p>
              {step.state !== "done" && step.command && <code>{step.command}</code>}
            </div>
          </li>
        ))}
      </ol>
      <Link to="/jobs/new" search={{}} className={buttonClass(styles.start)} data-look="primary">
        Start a job
      </Link>
    </Card>
  );
}
