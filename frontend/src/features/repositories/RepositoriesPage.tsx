import { Page } from "@/ui/Page";

export function RepositoriesPage() {
  return (
    <Page title="Repositories" heading="Repositories">
      …
    </Page>
  );
}
