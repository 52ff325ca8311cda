import { Page } from "@/ui/Page";

export function NewJobPage() {
  return (
    <Page title="New job" heading="New job">
      …
    </Page>
  );
}
