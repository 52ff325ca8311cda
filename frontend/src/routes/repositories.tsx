import { createFileRoute } from "@tanstack/react-router";
import { RepositoriesPage } from "@/features/repositories/RepositoriesPage";
import { repositoriesSearch } from "@/features/repositories/search";

export const Route = createFileRoute("/repositories")({
  validateSearch: repositoriesSearch,
  component: RepositoriesPage,
});
