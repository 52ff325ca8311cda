import { createFileRoute } from "@tanstack/react-router";
import { prefetch } from "@/api/prefetch";
import { healthQuery } from "@/api/queries";
import { SettingsPage } from "@/features/settings/SettingsPage";

export const Route = createFileRoute("/settings")({
  loader: ({ context: { api, queries } }) => {
    const health = healthQuery(api);
    return prefetch(queries, { key: health.queryKey, answer: queries.query(health) });
  },
  component: SettingsPage,
});
