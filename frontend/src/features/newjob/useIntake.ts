import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useState } from "react";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import { readSelection } from "@/features/repositories/selection";
import { plural } from "@/format/number";
import { useToast } from "@/ui/toast";
import { type Draft, draftOfJob, draftOfRequest, emptyDraft } from "./draft";
import { drafts, isEmptyDraft, isSameDraft } from "./draftStore";
import { useJobRules } from "./limits";
import { templateOf } from "./templates";
import { trialOf } from "./trials";

/**
 * Takes what the address brings into the draft: a job to start from, a template, a
 * selection of repositories. Then it leaves the address, so that a reload shows the
 * draft as it was left. What was in the draft before can be had back.
 */
export function useIntake() {
  const { from, template, repositories } = useSearch({ from: "/jobs/new" });
  const navigate = useNavigate({ from: "/jobs/new" });
  const toast = useToast();
  const [wasRestored, setRestored] = useState(() => !isEmptyDraft(drafts.get()) && !from);
  const source = useJobDraft(from);

  const put = (draft: Draft, words: string) => {
    const before = drafts.replace(draft);
    if (!isEmptyDraft(before) && !isSameDraft(before, draft))
      toast({ text: words, action: { label: "Undo", run: () => drafts.replace(before) } });
  };
  const takeTemplate = (id: string) => {
    const found = templateOf(id);
    if (!found) return;
    const { prompt, verify } = found;
    const before = drafts.get();
    const hadPrompt = before.prompt.trim() !== "";
    put(
      {
        ...before,
        agent: "claude",
        template: id,
        prompt,
        name: "",
        variables: before.template === id ? before.variables : {},
        ...(verify && before.verify === "" && { verify: verify.join("\n") }),
      },
      hadPrompt ? "Replaced the prompt by the template" : "Took the template",
    );
  };
  const takeSelection = (key: string) => {
    const names = [...readSelection(key)];
    if (names.length === 0) {
      toast({ text: "The selection is gone: it is kept in the tab in which it was made", tone: "bad" });
      return;
    }
    const before = drafts.get();
    put(
      { ...before, repositories: names },
      `Took ${plural(names.length, "repository", "repositories")} into your draft`,
    );
  };
  const take = useEffectEvent(() => {
    if (template !== undefined) takeTemplate(template);
    if (repositories !== undefined) takeSelection(repositories);
    if (source.draft) put(source.draft, "Your draft made room for the job’s request");
    void navigate({
      search: ({ by, q }) => ({ by, q }),
      replace: true,
    });
  });
  const isThere = template !== undefined || repositories !== undefined || source.draft !== undefined;
  useEffect(() => {
    if (isThere) take();
  }, [isThere]);

  return {
    source,
    takeTemplate,
    wasRestored,
    keepRestored: () => setRestored(false),
    startAfresh: () => {
      setRestored(false);
      put(emptyDraft, "Threw the draft away");
    },
  };
}

/** The draft that asks for what a job asked for; of a trial, for the whole. */
function useJobDraft(jobId: string | undefined) {
  const api = useApi();
  const { defaults } = useJobRules();
  const [read, setRead] = useState(0);
  const query = useQuery({
    queryKey: ["draft of job", jobId, defaults],
    enabled: jobId !== undefined,
    staleTime: 0,
    gcTime: 0,
    queryFn: async ({ signal }) => {
      const id = jobId ?? "";
      const trial = trialOf(id);
      if (trial) return draftOfRequest(trial.request);
      const job = await data(api.http.GET("/jobs/{jobId}", { signal, params: { path: { jobId: id } } }));
      const names: string[] = [];
      let cursor: string | null = "";
      while (cursor !== null) {
        const page: { repositories: { repositoryName: string }[]; nextCursor: string | null } = await data(
          api.http.GET("/jobs/{jobId}/repositories", {
            signal,
            params: { path: { jobId: id }, query: { limit: 100, view: "brief", ...(cursor && { cursor }) } },
          }),
        );
        names.push(...page.repositories.map((task) => task.repositoryName));
        cursor = page.nextCursor;
        setRead(names.length);
      }
      return draftOfJob(job, names, defaults);
    },
  });
  return {
    draft: jobId === undefined ? undefined : query.data,
    error: jobId === undefined ? null : query.error,
    isReading: jobId !== undefined && query.isFetching,
    /** How many repositories of the job were read so far. */
    read,
    retry: () => void query.refetch(),
  };
}
