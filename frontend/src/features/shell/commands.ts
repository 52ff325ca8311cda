import { useInfiniteQuery } from "@tanstack/react-query";
import { useParams, useRouter } from "@tanstack/react-router";
import { useMemo, useSyncExternalStore } from "react";
import { useApi } from "@/api/context";
import { jobsQuery } from "@/api/queries";
import { taskPath } from "@/api/types";
import { jobStatusLooks } from "@/features/status/jobLooks";
import { lookOf } from "@/features/status/look";
import { taskLook } from "@/features/status/StatusBadge";
import type { FeedSnapshot } from "@/live/feed";
import { useFeeds } from "@/live/feeds";
import { useActiveShortcuts } from "@/ui/keys";
import { preferences, usePreferences } from "@/ui/preferences";
import { best, jobIdIn, match } from "./match";

/** Something that the menu can do. */
export interface Command {
  id: string;
  label: string;
  /** Beside the label: a state, or what is on now. */
  note?: string | undefined;
  keys?: string | undefined;
  run: () => void;
}

export interface CommandGroup {
  title: string;
  commands: readonly Command[];
}

const most = { actions: 8, jobs: 6, repositories: 6, others: 8 };

/**
 * What answers what was typed, by kinds, the kind with the best answer first. While
 * nothing is typed jobs are: Enter alone must not do anything to what is open.
 */
export function useCommands(typed: string): CommandGroup[] {
  const places = usePlaces();
  const actions = usePageActions();
  const looks = useLooks();
  const jobs = useJobs(typed);
  const repositories = useRepositories(typed);
  const some = (commands: readonly Command[], limit: number) => best(commands, typed, (c) => c.label, limit);
  const groups = [
    { title: "Jobs", commands: jobs },
    { title: "On this page", commands: some(actions, most.actions) },
    { title: "Repositories of this job", commands: repositories },
    { title: "Go to", commands: some(places, most.others) },
    { title: "Look and account", commands: typed.trim() ? some(looks, most.others) : [] },
  ].filter((group) => group.commands.length > 0);
  return typed.trim() ? groups.sort((a, b) => scoreOf(b, typed) - scoreOf(a, typed)) : groups;
}

function scoreOf({ commands: [first] }: CommandGroup, typed: string): number {
  return (first && match(first.label, typed)) ?? 0;
}

function usePlaces(): Command[] {
  const router = useRouter();
  return [
    { label: "Overview", to: "/", keys: "g o" },
    { label: "Jobs", to: "/jobs", keys: "g j" },
    { label: "New job", to: "/jobs/new", keys: "c" },
    { label: "Repositories", to: "/repositories", keys: "g r" },
    { label: "Settings and about", to: "/settings", keys: "g s" },
  ].map(({ label, to, keys }) => ({ id: to, label, keys, run: () => void router.navigate({ to }) }));
}

/** Whatever has a key on the page below. */
function usePageActions(): Command[] {
  return useActiveShortcuts()
    .filter(({ group, keys }) => group !== "Go to" && group !== "Everywhere" && keys !== "Escape")
    .filter(({ does }, i, all) => all.findIndex((other) => other.does === does) === i) // two keys may do the same
    .map(({ keys, does, run }) => ({
      id: `key ${keys}`,
      label: does,
      keys,
      run: () => run(new KeyboardEvent("keydown")),
    }));
}

function useLooks(): Command[] {
  const { theme, density, shortcuts } = usePreferences();
  const { session } = useApi();
  const themes = { auto: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" } as const;
  const commands: Command[] = (["auto", "light", "dark"] as const).map((name) => ({
    id: `theme ${name}`,
    label: themes[name],
    note: theme === name ? "on" : undefined,
    run: () => preferences.set({ theme: name }),
  }));
  const isCompact = density === "compact";
  commands.push(
    {
      id: "density",
      label: isCompact ? "Density: comfortable" : "Density: compact",
      run: () => preferences.set({ density: isCompact ? "comfortable" : "compact" }),
    },
    {
      id: "keys",
      label: shortcuts ? "Single keys: switch off" : "Single keys: switch on",
      run: () => preferences.set({ shortcuts: !shortcuts }),
    },
  );
  if (session.token) commands.push({ id: "sign out", label: "Sign out", run: () => session.signOut() });
  return commands;
}

function useJobs(typed: string): Command[] {
  const router = useRouter();
  const { data } = useInfiniteQuery(jobsQuery(useApi()));
  const jobs = useMemo(() => data?.pages.flatMap((page) => page.jobs) ?? [], [data]);
  const open = (jobId: string) => void router.navigate({ to: "/jobs/$jobId", params: { jobId }, search: {} });
  const id = jobIdIn(typed);
  if (id !== null) {
    const known = jobs.find((job) => job.jobId === id);
    return [{ id, label: known?.name ?? `Open job ${id}`, run: () => open(id) }];
  }
  return best(jobs, typed, (job) => `${job.name} ${job.jobId}`, most.jobs).map((job) => ({
    id: job.jobId,
    label: job.name,
    note: lookOf(jobStatusLooks, job.status).word,
    run: () => open(job.jobId),
  }));
}

const noSnapshot: FeedSnapshot | null = null;
const nobody = () => () => undefined;

/** The repositories of the job that is open, if one is and something was typed. */
function useRepositories(typed: string): Command[] {
  const router = useRouter();
  const { jobId } = useParams({ strict: false });
  const feeds = useFeeds();
  const feed = jobId === undefined ? null : feeds.of(jobId);
  const snapshot = useSyncExternalStore(feed?.subscribe ?? nobody, feed?.getSnapshot ?? (() => noSnapshot));
  if (!snapshot || jobId === undefined || !typed.trim()) return [];
  return best(snapshot.tasks, typed, (task) => task.repositoryName, most.repositories).map((task) => ({
    id: `${jobId} ${task.repositoryName}`,
    label: task.repositoryName,
    note: taskLook(task).word,
    run: () =>
      void router.navigate({
        to: "/jobs/$jobId/repositories/$owner/$name",
        params: taskPath(jobId, task.repositoryName),
        search: {},
      }),
  }));
}
