import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useApi } from "@/api/context";
import { asProblem } from "@/api/problem";
import { healthQuery } from "@/api/queries";
import { clock } from "@/format/time";
import styles from "./ServerState.module.css";

/** One dot in the bar: whether the server answers, and whether all its parts do. */
export function ServerState() {
  const health = useQuery(healthQuery(useApi()));
  const { state, word } = describe(health);
  return (
    <Link to="/settings" className={styles.state} data-state={state} title={word}>
      <span className={styles.dot} aria-hidden />
      <span className={styles.word}>{word}</span>
    </Link>
  );
}

function describe({
  data,
  error,
  isError,
  dataUpdatedAt,
}: {
  data?: { status: string } | undefined;
  error: unknown;
  isError: boolean;
  dataUpdatedAt: number;
}) {
  if (isError && asProblem(error).isOffline) {
    return {
      state: "bad",
      word: dataUpdatedAt ? `Offline since ${clock(dataUpdatedAt)}, showing last data` : "Offline",
    };
  }
  if (isError) return { state: "bad", word: "The server has a problem" };
  if (!data) return { state: "idle", word: "Connecting" };
  if (data.status === "ok") return { state: "good", word: "Connected" };
  return { state: "warn", word: "A part of the server is down" };
}
