import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod/mini";
import { NewJobPage } from "@/features/newjob/NewJobPage";

const text = z.catch(z.optional(z.string()), undefined);

/** `from` is a job to start from, `repositories` the key of a handed-over selection. */
const search = z.object({ from: text, template: text, repositories: text });

export const Route = createFileRoute("/jobs/new")({ validateSearch: search, component: NewJobPage });
