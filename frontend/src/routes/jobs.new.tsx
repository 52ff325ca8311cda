import { createFileRoute } from "@tanstack/react-router";
import { NewJobPage } from "@/features/newjob/NewJobPage";
import { newJobSearch } from "@/features/newjob/search";

export const Route = createFileRoute("/jobs/new")({ validateSearch: newJobSearch, component: NewJobPage });
