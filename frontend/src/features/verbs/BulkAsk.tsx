import { lazy, Suspense } from "react";
import type { Job } from "@/api/types";
import type { Bulk } from "./useBulk";

const BulkDialog = lazy(() => import("./BulkDialog"));

/** The question before something is done, while there is one. */
export function BulkAsk({ job, bulk }: { job: Job; bulk: Bulk }) {
  if (!bulk.question) return null;
  return (
    <Suspense>
      <BulkDialog job={job} bulk={bulk} question={bulk.question} />
    </Suspense>
  );
}
